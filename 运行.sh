#!/bin/sh
# Starts the program by double click, or with files behind its name. Plain sh: Kylin and UOS have dash or bash in its place.
# Why it is as it is: docs/decisions/S-54.md.

here=$(dirname "$(readlink -f "$0")")
self=$here/$(basename "$0")
title=绿色社区创建评价
DESK_SELF=$(basename "$0") # what a person types: the sentences of the program name it
export DESK_SELF

# Other programs set these for their own Python.
unset PYTHONHOME PYTHONPATH

# The first Python that fits; one beside the program before the system's.
find_python() {
    unfit=
    for try in "$here/python/bin/python3" python3.13 python3.12 python3.11 python3.14 python3 python \
        /usr/local/bin/python3.1[1-4] /opt/python*/bin/python3; do
        command -v "$try" >/dev/null 2>&1 || continue
        "$try" -E -s "$here/desk/check.py" --silent >/dev/null 2>&1
        case $? in
            0) python=$try; return 0 ;;
            3) [ -n "$unfit" ] || unfit=$try ;;
        esac
    done
    return 1
}

start() {
    if [ ! -f "$here/desk/start.py" ]; then
        echo "程序不完整。请先把压缩包全部解压到一个文件夹里，再运行那个文件夹里的“运行.sh”。"
        return 5
    fi
    if find_python; then
        "$python" -s -X utf8 "$here/desk/start.py" "$@"
        return $?
    fi
    if [ -n "$unfit" ]; then
        "$unfit" -E -s "$here/desk/check.py"
    else
        echo "这台电脑上没有找到Python。本程序需要Python 3.11、3.12、3.13或3.14（64位）。"
        echo "请单位的信息技术人员安装，或把可直接使用的Python放进本程序的 python 文件夹（详见 docs 文件夹里的“离线安装”）。"
    fi
    return 5
}

# A file to double click and to drop files on, for file managers that do neither with a script. It names this folder, so it is
# written anew where the folder has moved.
write_icon() {
    icon=$here/$title.desktop
    case $here in
        *[\"\`\$\\%]* | *'
'*) return ;; # signs that mean something in such a file
    esac
    content="[Desktop Entry]
Type=Application
Name=$title
Comment=双击运行，或把收到的文件拖到这里
Exec=/bin/sh \"$self\" %F
Icon=x-office-spreadsheet
Terminal=false"
    [ "$(cat "$icon" 2>/dev/null)" = "$content" ] && return
    { printf '%s\n' "$content" >"$icon" && chmod +x "$icon"; } 2>/dev/null
}

in_terminal() {
    write_icon
    start "$@"
    result=$?
    printf '\n按回车键关闭窗口……'
    read -r _
    return $result
}

# From a file manager there is no terminal: open one. Some return at once, some when they are closed, with any exit status; what
# counts is the mark that the script leaves as soon as it runs inside. Two windows would be two runs.
open_terminal() {
    [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || return 1
    marks=$(mktemp -d) || return 1
    for try in deepin-terminal mate-terminal gnome-terminal xfce4-terminal konsole qterminal lxterminal x-terminal-emulator xterm; do
        command -v "$try" >/dev/null 2>&1 || continue
        case $try in
            # Wide enough for the table of a second year.
            gnome-terminal) before="--geometry=110x36 --" ;;
            mate-terminal | xfce4-terminal) before="--geometry=110x36 -x" ;;
            xterm) before="-u8 -fa Monospace -fs 11 -geometry 110x36 -e" ;; # its own fonts hold no Chinese
            *) before="-e" ;;
        esac
        # shellcheck disable=SC2086 # several words
        if "$try" $before /bin/sh "$self" --in-terminal "$marks/$try" "$@" >/dev/null 2>&1; then
            for _ in 1 2 3 4 5 6 7 8 9 10; do
                [ -e "$marks/$try" ] && break
                sleep 1
            done
        fi
        if [ -e "$marks/$try" ]; then
            rm -rf "$marks"
            return 0
        fi
        true >"$marks/$try.late" # should it come after all
    done
    return 1
}

# No terminal to be had: what would be on the screen goes into a text, which is shown; and to whoever called.
into_text() {
    write_icon
    screen=$here/运行记录.txt
    { true >"$screen"; } 2>/dev/null || screen=$(mktemp) || screen=/dev/null
    start "$@" >"$screen" 2>&1
    result=$?
    cat "$screen"
    if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v xdg-open >/dev/null 2>&1; then
        xdg-open "$screen" >/dev/null 2>&1
    fi
    return $result
}

if [ "${1:-}" = --in-terminal ]; then
    { [ ! -e "$2.late" ] && true >"$2"; } 2>/dev/null || exit 5
    shift 2
    in_terminal "$@"
elif [ -t 0 ] && [ -t 1 ]; then
    in_terminal "$@"
elif [ -t 0 ] || [ -t 1 ]; then
    start "$@"
else
    open_terminal "$@" || into_text "$@"
fi
exit $?
