# Sourced by up, down and status: how they speak, how they wait, and what they say when waiting was in vain.
# shellcheck shell=bash

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(dirname "$here")"
# shellcheck source=kind-cluster/versions.env
. "$here/versions.env"

cluster="${SUMMIT_KIND_CLUSTER:-summit}"
namespace=summit

say() { printf 'kind-cluster: %s\n' "$*" >&2; }

stop() { # message, hint
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

need() { # program, hint
    command -v "$1" >/dev/null || stop "$1 is missing" "$2"
}

k() { kubectl --request-timeout=60s "$@"; }

apply() { # URL or file; server-side, so that applying again changes nothing and large CRDs fit
    kubectl apply --server-side --force-conflicts -f "$1" >&2
}

# Run a wait; when it fails, say what the cluster knows about it.
patiently() { # namespace, command...
    local where="$1"
    shift
    if "$@" >&2; then return 0; fi
    diagnose "$where"
    stop "this did not come true in time: $*" "what the cluster says stands above; then the same command again goes on"
}

available() { # namespace, seconds: every Deployment of the namespace
    patiently "$1" kubectl wait deployment --all -n "$1" --for=condition=Available --timeout="$2s"
}

diagnose() { # namespace
    local where="$1" pod
    say "pods of $where that are not ready"
    k get pods -n "$where" -o wide >&2 || true
    say "the last events"
    k get events -n "$where" --sort-by=.lastTimestamp 2>/dev/null | tail -n 25 >&2 || true
    if [ "$where" = "$namespace" ]; then
        say "conditions of what KServe and Knative made"
        k get inferenceservices,revisions,services.serving.knative.dev -n "$where" -o wide >&2 2>/dev/null || true
        k describe inferenceservices -n "$where" 2>/dev/null | sed -n '/^Status:/,$p' >&2 || true
    fi
    for pod in $(k get pods -n "$where" --no-headers 2>/dev/null | awk '$2 !~ /^([0-9]+)\/\1$/ {print $1}' | head -n 5); do
        say "the last lines of $pod"
        k logs -n "$where" "$pod" --all-containers --tail=15 >&2 || true
    done
}

nodes_run() { # image: whether the kind nodes have it
    docker exec "$cluster-control-plane" crictl inspecti -q "$1" >/dev/null 2>&1
}
