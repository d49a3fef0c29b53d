#!/bin/sh
# All tests, or those named, on two processes. Called by `make test`.
#
# Up to five that fail are run once more, alone: they start browsers, servers and workers and hold them to limits of seconds,
# which a machine that is busy elsewhere can pass. That they failed stays in the output, and the last line names them as
# unsteady: each is a defect, of the test or of what it tests.
set -u
cd "$(dirname "$0")/.."
status=0
.venv/bin/python -m pytest -n 2 --dist worksteal --cache-clear "$@" || status=$?
[ "$status" = 1 ] || exit "$status"
set -f
IFS='
'
# shellcheck disable=SC2086  # one name a line
set -- $(.venv/bin/python -c 'import json; print(*json.load(open(".pytest_cache/v/cache/lastfailed")), sep="\n")')
if [ $# = 0 ] || [ $# -gt 5 ]; then
    exit 1
fi
echo "Once more, alone: $*"
.venv/bin/python -m pytest "$@" || exit 1
echo "UNSTEADY, passed only when run alone; please mend: $*" >&2
