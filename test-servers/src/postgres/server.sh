# Makes the folder `data`, once, and becomes the server.
# In the server's folder: sh -c "$(cat server.sh)" postgres PROGRAMS SETTING...
set -eu
programs=$1
shift
if [ ! -e data ]; then
    "$programs/initdb" --pgdata=data --username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync
fi
exec "$programs/postgres" -D data "$@"
