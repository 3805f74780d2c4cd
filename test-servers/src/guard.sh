# Ends a server whose owner is gone, and removes its folder.
# As the owner: sh -c "$(cat guard.sh)" guard DIR SIGNAL
#
# Standard input is a pipe that only the owner can write to, after the server has
# sent its process id. However the owner ends, the system closes the pipe. An
# owner that ends the server itself ends the guard before the id can become
# another's.
#
# Not prctl(PR_SET_PDEATHSIG): its signal comes when the thread ends that
# started the server, and every test is a thread of its own.
read -r server
read -r end
kill "-$2" "$server"
# A server that stands still hears no signal but KILL.
kill -CONT "$server"
tries=100
while [ "$tries" -gt 0 ] && kill -0 "$server"; do
    sleep 0.1
    tries=$((tries - 1))
done
kill -KILL "$server"
rm -rf -- "$1"
