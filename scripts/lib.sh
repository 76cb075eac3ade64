# Shared by the scripts in this folder: `. scripts/lib.sh`.

# Prints the first Python here that is 3.11 or newer and can make a virtual environment. PYTHON=… goes first.
find_python() {
    for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
        if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$name"
            return 0
        fi
    done
    echo "Doorstep needs Python 3.11 or newer with venv (on Debian: apt install python3 python3-venv)." >&2
    return 1
}

say() { printf '%s\n' "$*" >&2; }
