"""One line a check, and the sum of them."""

import traceback

passed = failed = 0


def check(what, holds):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
    print(("ok      " if holds else "FAILED  ") + what, flush=True)


def equal(what, found, wanted):
    check(what if found == wanted else f"{what}: {found!r} instead of {wanted!r}", found == wanted)


def part(name, run):
    """Runs a group of checks; what it throws is one that failed."""
    print(f"-- {name}", flush=True)
    try:
        run()
    except Exception as error:
        traceback.print_exc()
        check(f"{name} came to its end: {type(error).__name__}", False)
