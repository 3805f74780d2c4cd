# Installs packages with apt-get and starts none of their services.
# As root: sh -c "$(cat apt-install.sh)" apt-install POLICY PACKAGE...
#
# Maintainer scripts start services through invoke-rc.d and deb-systemd-invoke.
# Both ask POLICY, /usr/sbin/policy-rc.d, whose exit code 101 forbids it:
# invoke-rc.d(8), "INIT SCRIPT POLICY". A shell script rather than Rust, so that
# one sudo covers it all and Ctrl-C still removes the file.
set -eu
policy=$1
shift

placed=
remove_policy() {
    if [ -n "$placed" ]; then rm -f "$policy"; fi
}

# A signal between placing the file and noting it would leave it behind.
trap '' HUP INT TERM
trap remove_policy EXIT
if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
    # noclobber: another process's file is not overwritten either.
    set -C
    if printf '#!/bin/sh\nexit 101\n' >"$policy"; then placed=1; fi
    set +C
    chmod 755 "$policy"
fi
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Somebody else's policy stays, and has to forbid it too.
for package in "$@"; do
    answer=0
    "$policy" "$package" start >/dev/null 2>&1 || answer=$?
    if [ "$answer" -ne 101 ]; then
        echo "$policy lets $package start services (exit code $answer): nothing installed" >&2
        exit 1
    fi
done

export DEBIAN_FRONTEND=noninteractive
# needrestart, on Ubuntu servers, restarts services after every install.
export NEEDRESTART_SUSPEND=1
apt-get update
apt-get install -y --no-install-recommends "$@"
