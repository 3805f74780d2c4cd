//! The pages that show the description: Swagger UI and ReDoc, from copies inside the program, so that a shop without internet
//! can read them, too.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;

/// What a page may do: its scripts come from here, both draw with styles of their own, and ReDoc searches in a worker that
/// it makes of a text.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src blob:; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

const SWAGGER_PAGE: &str = r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>QuickCart</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"##;
/// Without `validatorUrl` Swagger UI would show the description to a server of its makers.
const SWAGGER_START: &str = r##"SwaggerUIBundle({
    url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null
});
"##;
const REDOC_PAGE: &str = r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>QuickCart</title>
<link rel="icon" href="data:,">
</head>
<body>
<redoc spec-url="/openapi.json"></redoc>
<script src="/redoc/redoc.standalone.js"></script>
</body>
</html>
"##;
/// The only address outside that ReDoc itself asks for; it leaves the picture out when there is none.
const REDOC_LOGO: &str = "https://cdn.redoc.ly/redoc/logo-mini.svg";

/// A file of the pages.
pub(crate) struct File {
    path: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
    /// Changes with the body.
    pub(crate) etag: String,
}

static FILES: LazyLock<[File; 6]> = LazyLock::new(|| {
    let (html, script) = ("text/html; charset=utf-8", "text/javascript; charset=utf-8");
    [
        File::new("/docs", html, SWAGGER_PAGE.into()),
        File::new("/docs/start.js", script, SWAGGER_START.into()),
        File::new("/docs/swagger-ui.css", "text/css; charset=utf-8", swagger("swagger-ui.css")),
        File::new("/docs/swagger-ui-bundle.js", script, swagger("swagger-ui-bundle.js")),
        File::new("/redoc", html, REDOC_PAGE.into()),
        File::new("/redoc/redoc.standalone.js", script, redoc()),
    ]
});

impl File {
    /// The file at a path of the server.
    pub(crate) fn at(path: &str) -> Option<&'static Self> {
        FILES.iter().find(|file| file.path == path)
    }

    fn new(path: &'static str, content_type: &'static str, body: Bytes) -> Self {
        Self { path, content_type, etag: etag(&body), body }
    }
}

/// A tag that changes with the bytes.
pub(crate) fn etag(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

fn swagger(file: &str) -> Bytes {
    let config = Arc::new(utoipa_swagger_ui::Config::from("/openapi.json"));
    let found = utoipa_swagger_ui::serve(file, config).ok().flatten();
    found.map(|file| file.bytes.into_owned().into()).unwrap_or_default()
}

/// The script in the page that aide makes, up to where that page starts it.
fn redoc() -> Bytes {
    let page = aide::redoc::Redoc::new("").html();
    let script = page.split_once("<script>").and_then(|(_, script)| script.split_once("Redoc.init("));
    script.map(|(script, _)| script.trim().replace(REDOC_LOGO, "data:,").into()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crates_have_the_scripts() {
        for (path, part) in [
            ("/docs/swagger-ui.css", ".swagger-ui"),
            ("/docs/swagger-ui-bundle.js", "SwaggerUIBundle"),
            ("/redoc/redoc.standalone.js", "e.Redoc=t("),
        ] {
            let file = File::at(path).unwrap();
            let text = std::str::from_utf8(&file.body).unwrap();
            assert!(text.len() > 100_000 && text.contains(part), "{path}: {}", text.len());
            assert!(!text.contains(REDOC_LOGO));
        }
    }
}
