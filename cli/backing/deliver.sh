#!/bin/sh
# One message of RabbitMQ, from standard input to where Knative's RabbitmqSource would bring it:
#
#   deliver.sh SINK PORT KEY_FILE DEAD_LETTERS
#
# Tried a few times; what SINK does not take goes to the end of the queue DEAD_LETTERS. Ends with 0 once one of the two
# has it: amqp-consume, which runs this for each message, acknowledges only then.
set -eu
type=application/cloudevents+json
event=$(mktemp)
trap 'rm -f "$event"' EXIT
cat >"$event"

# Longer than any one request of ours takes: EVENTING_SCAN_SECONDS.
curl --silent --show-error --fail --output /dev/null --noproxy '*' --max-time 660 --retry 5 --retry-connrefused \
    --header "content-type: $type" --data-binary "@$event" "$1" ||
    amqp-publish --server=127.0.0.1 --port="$2" --authfile="$3" --routing-key="$4" --persistent \
        --content-type="$type" <"$event"
