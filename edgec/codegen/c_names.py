"""Names in C: whatever a model and its tensors are called, no symbol can be another one.

The one idea: words are joined by one underscore, so two in a row are free to separate a model from
its constants. ``kws__dense_init`` is a constant of ``kws``, ``kws_dense_init`` the API of a model
``kws_dense``; no third thing is called either. What C, its library and edgec itself call
something is no model's name.
"""

import re
from collections.abc import Iterable

from edgec.backends.backend import backends

MAX_IDENTIFIER = 48
_SEPARATOR = "__"
_NAMELESS = "constant"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


C_KEYWORDS = _words("""
auto break case char const continue default do double else enum extern float for goto if
inline int long register restrict return short signed sizeof static struct switch typedef
union unsigned void volatile while _Bool _Complex _Imaginary asm typeof bool true false
nullptr alignas alignof constexpr static_assert thread_local class delete friend namespace
new operator private protected public template this throw try using virtual catch export
main
""")
_HEADERS = _words("""
alloca argz assert complex cpio ctype dirent dlfcn endian envz errno fastmath fcntl features fenv
float fmtmsg fnmatch ftw getopt glob grp iconv ieeefp inttypes iso646 langinfo libgen limits locale
malloc math memory monetary mqueue ndbm netdb newlib paths poll pthread pwd reent regdef regex sched
search semaphore setjmp signal spawn stdalign stdarg stdatomic stdbit stdbool stdc_predef stdckdint
stddef stdfix stdint stdio stdlib stdnoreturn string strings stropts syslimits syslog tar termios
tgmath threads time trace uchar ulimit unistd unwind utime utmp utmpx varargs wchar wctype wordexp
""")
_TYPES = _words("""
active_reg blkcnt blksize caddr cc clock clockid cnd comparison_fn cookie_close_function
cookie_io_functions cookie_read_function cookie_seek_function cookie_write_function cpu_set daddr
dev div double errno error femode fenv fexcept float fpos fpregset fsblkcnt fsfilcnt fsid gid glob
greg gregset iconv id idtype imaxdiv in_addr in_port ino key ldiv lldiv locale loff max_align
mbstate mcontext mode mqd mtx nfds nl_catd nlink nullptr off physadr pid ptrdiff quad re_dfa
re_syntax reg_errcode reg_syntax regex register regmatch regoff rlim rsize rune s_reg sa_family
sbintime sem shmatt sig sig_atomic sigevent sighandler siginfo sigset sigval size socklen speed
ssize stack suseconds tcflag thrd thrd_start time timer tss tss_dtor u_quad u_register ucontext uid
useconds va_list vaddr wchar wctrans wctype wint wordexp
""")
_FUNCTIONS = _words("aio atomic cnd mpf mpq mpz mtx nss obstack res sem")
_FOLDERS = _words("firmware obj")
"""Of OUT, beside the model's own."""

_CMAKE = _words("""
all clean depend edit_cache help install list_install_components package package_source
rebuild_cache test
""")
_RESERVED = C_KEYWORDS | _HEADERS | _TYPES | _FUNCTIONS | _FOLDERS | _CMAKE
_FAMILIES = re.compile(
    r"(u_?)?(int|char|float|poly|bfloat|q|mve_pred)\d+(x\d+)*"
    r"|(blkcnt|fpos|fsblkcnt|fsfilcnt|glob|ino|off|rlim)64"
    r"|u?int(n|_(least|fast)\d+|max|ptr)|atomic_.*"
)
"""Of compilers' headers: whole families of types."""

_PREFIXES = ("edgec", "pthread", "posix")
_ENDINGS = ("_weights", "_quantize", "_dequantize")
"""``kws_weights.h`` and ``kws_quantize_input`` are of the model ``kws``."""


def identifier(text: str) -> str:
    """Map any text to a C prefix ``[a-z_][a-z0-9_]*`` that nothing else can begin with.

    What is reserved gets an ``m_`` in front or an ``_m`` behind.
    """
    name = plain_identifier(text)
    if not name or name[0].isdigit() or _is_reserved(name):
        name = _cut(f"m_{name}")
    if name.endswith((*_ENDINGS, *(f"_{each.folder}" for each in backends() if each.folder))):
        name = f"{name[: MAX_IDENTIFIER - 2].rstrip('_')}_m"
    return name


def _is_reserved(name: str) -> bool:
    theirs = (prefix for each in backends() for prefix in each.prefixes)
    begins = any(f"{name}_".startswith(f"{prefix}_") for prefix in (*_PREFIXES, *theirs))
    return begins or name in _RESERVED or _FAMILIES.fullmatch(name) is not None


def plain_identifier(text: str) -> str:
    """Return the words of a text in lower case, joined by underscores; it may have none."""
    return _cut(re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_"))


def symbols(model: str, constants: Iterable[str]) -> dict[str, str]:
    """Map the distinct constants of the model with this prefix to distinct symbols.

    A clash gets the first free number.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    first_free: dict[str, int] = {}  # what is taken stays taken: many clash with one name
    for text in constants:
        base = name = plain_identifier(text) or _NAMELESS
        number = first_free.get(base, 2)
        while name in taken:
            name = f"{base}_{number}"
            number += 1
        taken.add(name)
        first_free[base] = number
        names[text] = f"{model}{_SEPARATOR}{name}"
    return names


def _cut(name: str) -> str:
    return name[:MAX_IDENTIFIER].strip("_")
