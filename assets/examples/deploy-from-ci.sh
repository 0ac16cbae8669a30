#!/bin/sh
# Deploys a tag that was just built, from a CI job, and waits until it is healthy.
#
#   deploy-from-ci.sh PROJECT ENVIRONMENT TAG
#
# The job needs the kubeconfig of a role that may look (quarterdeck check --role viewer), the repository's
# credential as the project names it, and a state folder that is kept from run to run (QUARTERDECK_STATE).
# Ends as quarterdeck does: 0 healthy, 1 failed, 3 refused or waiting for approval, 5 not ready in time.
set -eu
project=${1:?a project} environment=${2:?an environment} tag=${3:?a tag}
quarterdeck=${QUARTERDECK:-quarterdeck}

# What would change stands in the job's log, and a mistake ends the job before anything is committed.
"$quarterdeck" deploy "$project" "$environment" --tag "$tag" --dry-run

status=0
"$quarterdeck" deploy "$project" "$environment" --tag "$tag" --yes --wait "${WAIT:-10m}" -o json > deployment.json || status=$?

case $status in
    0) echo "$tag is healthy in $project/$environment" ;;
    3) echo "$tag waits for a person in $project/$environment" ;;
    *)
        # Why, from evidence: the newest deployment says it.
        "$quarterdeck" history "$project" "$environment" --limit 1 || true
        echo "$tag did not become healthy; to go back: quarterdeck rollback $project $environment --previous --yes" >&2
        ;;
esac
exit "$status"
