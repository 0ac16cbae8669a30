#!/bin/sh
# Promotes what has run well in one environment since yesterday to the next one. For a nightly job.
#
#   promote-nightly.sh PROJECT FROM TO
#
# Nothing is promoted when a deployment of FROM failed within AGE (12h), or when TO has it already.
# An environment that is synced by hand is synced, and the job waits until it is healthy.
set -eu
project=${1:?a project} from=${2:?the environment that has it} to=${3:?the environment that gets it}
quarterdeck=${QUARTERDECK:-quarterdeck}
age=${AGE:-12h} wait=${WAIT:-15m}

failed=$("$quarterdeck" history "$project" "$from" --filter "status=failed age<$age" -o name)
if [ -n "$failed" ]; then
    echo "nothing is promoted: $project/$from had failures within $age:" $failed >&2
    exit 3
fi

status=0
said=$("$quarterdeck" promote "$project" "$from" "$to" --yes --wait "$wait" 2>&1) || status=$?
echo "$said"
case $status in
    2) case $said in *"Nothing would change"*) exit 0 ;; esac ;;
    3)
        # A merge request is for people: the job ends with 3, and a later one finds the change merged.
        case $said in *"waits for approval"*) exit 3 ;; esac
        "$quarterdeck" sync "$project" "$to" --yes --wait "$wait"
        exit 0
        ;;
esac
exit "$status"
