# Starts the servers of a test cluster and ends them all when its input ends, which happens whenever and however the
# process that holds the other end of the pipe dies. Its input is one server a line: a name, a space, a command.
# A line that begins with a dash ends a server: a dash, a space, the name.
# usage: guard.sh FOLDER LOGS     FOLDER is removed in the end, the servers' logs are kept in LOGS.
cd "$1" || exit 1
servers=
while IFS= read -r line; do
  case $line in
    '- '*)
      id=$(cat "pid/${line#- }")
      kill -9 "$id" && wait "$id"
      others=
      for one in $servers; do [ "$one" = "$id" ] || others="$others $one"; done
      servers=$others
      rm "pid/${line#- }"
      continue
      ;;
  esac
  name=${line%% *}
  eval "exec ${line#* }" >>"log/$name" 2>&1 </dev/null &
  servers="$servers $!"
  echo $! >pid/.new && mv pid/.new "pid/$name"
done
[ -z "$servers" ] || kill -9 $servers 2>/dev/null
wait
rm -rf "$2" && mv log "$2"
cd / && rm -rf "$1"
