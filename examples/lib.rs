//! Programs that show QuickCart at work; each is an example target of this package.
