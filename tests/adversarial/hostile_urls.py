"""Addresses of places where no page may come from: how they are written, and how a server leads there."""

from __future__ import annotations


def words(text: str) -> list[str]:
    return text.split()


_LOOPBACK = words(
    """127.0.0.1 127.0.0.2 127.1 127.0.1 127.255.255.254 2130706433 0x7f000001 0x7f.0.0.1 0x7f.1 0x7F000001
    0177.0.0.1 017700000001 0177.1 0177.0.0x1 00000177.0.0.1 0x7f.0.1 127.000.000.001 127.0.0.0x1 0 0.0.0.0 0x0
    00 0.0 [::1] [::] [0:0:0:0:0:0:0:1] [0000::1] [::0001] [::ffff:127.0.0.1] [::ffff:7f00:1]
    [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] [::7f00:1] [64:ff9b::7f00:1] [64:ff9b::127.0.0.1]
    [64:ff9b:1::7f00:1] [2002:7f00:1::] [2002:7f00:0001::1] [2001:0:4136:e378:8000:63bf:80ff:fffe]
    [2600::5efe:7f00:1] [2600::200:5efe:127.0.0.1] [::ffff:0:127.0.0.1]"""
)

_INSIDE = words(
    """10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.0.1 192.168.1.254 100.64.0.1 100.127.255.254
    198.18.0.1 192.0.0.1 169.254.1.1 224.0.0.1 239.255.255.250 255.255.255.255 240.0.0.1 3232235777 0xc0a80101
    0300.0250.1.1 0xa.1 10.1 012.0.0.1 [fc00::1] [fd12:3456:789a::1] [fe80::1] [fe80::1%25eth0] [fe80::1%eth0]
    [fe80::1%25lo] [fe80::1%251] [fec0::1] [ff02::1] [::ffff:10.0.0.1] [::ffff:c0a8:0101] [64:ff9b::192.168.0.1]
    [64:ff9b::a00:1] [2002:0a00:0001::] [2002:c0a8:0101::1] [2001:db8::1] [3fff::1] [100::1] [5f00::1] 192.0.2.1
    198.51.100.1 203.0.113.1"""
)

_METADATA = words(
    """169.254.169.254 169.254.169.254. 0xa9fea9fe 2852039166 0xa9.0xfe.0xa9.0xfe 0251.0376.0251.0376 169.254.43518
    169.16689662 [::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [64:ff9b::a9fe:a9fe] [fd00:ec2::254] [fd20:ce::254]
    [2002:a9fe:a9fe::] 169.254.170.2 169.254.169.253 100.100.100.200 168.63.129.16 192.0.0.192
    metadata.google.internal metadata metadata.azure.internal instance-data"""
)

_DISGUISED = [
    *words(
        """127。0。0。1 127．0．0．1 １２７.0.0.1 １２７．０．０．１ ①②⑦.⓪.⓪.①
    ⑫⑦.0.0.1 𝟏𝟐𝟕.𝟎.𝟎.𝟏 ١٢٧.0.0.1 127｡0｡0｡1 ０ｘ７ｆ.1
    ⓛⓞⓒⓐⓛⓗⓞⓢⓣ ｌｏｃａｌｈｏｓｔ LOCALHOST LocalHost localhost. localhost.. localhost.localdomain
    ip6-localhost a.localhost
    127.0.0.1. 127.1. 127.0.0.1.. .127.0.0.1 127..1 127%2e0%2e0%2e1 127%2E1 %31%32%37.0.0.1 %6c%6f%63alhost
    localhost%2f localhost%00 127.0.0.1%00.example.com 127.0.0.1%23.example.com 127.0.0.1%2f@example.com
    %5B::1%5D [::1]. [[::1]] [::1 ::1 [127.0.0.1] [0x7f.1] 127.0.0.1.nip.example www.inner.example
    user@127.0.0.1 user:pw@127.0.0.1 example.com@127.0.0.1 example.com:80@127.0.0.1 example.com%40127.0.0.1
    a@b@127.0.0.1 @127.0.0.1 :@127.0.0.1 127.0.0.1#@example.com 127.0.0.1?@example.com 127.0.0.1;@example.com
    127.0.0.1&@example.com 4294967297 0x17f000001 127.0.0.1.1 -127.0.0.1 +127.0.0.1 127.0.0.1:80:80 xn--127-0
    127.0.0.1,example.com"""
    ),
    "loc\xadalhost",
    "127.0.0.1\\@example.com",
    "127.0.0.1\t",
]

PLACES = {"loopback": _LOOPBACK, "inside": _INSIDE, "metadata": _METADATA, "disguised": _DISGUISED}

NAMES_INSIDE = {
    "127.0.0.1": ("localhost", "localhost.localdomain", "ip6-localhost", "a.localhost", "127.0.0.1.nip.example"),
    "192.168.1.7": ("www.inner.example",),
    "169.254.169.254": ("metadata.google.internal", "metadata", "metadata.azure.internal", "instance-data"),
}
"""Names that lead inside, as an attacker's do, or as a network's own, by where they lead."""

FORMS = ("http://{}/", "https://{}/x?y=1#z", "HTTP://{}:80/latest/meta-data/", "https://{}:8443", "//{}/", "{}/a", "{}")
"""How a place is written as the address of a page; the ports are ones that pages are served on."""

SCHEMES = [
    *words(
        """file:///etc/passwd file:/etc/passwd file://localhost/etc/passwd FILE:///etc/passwd
    file://127.0.0.1/etc/passwd ftp://127.0.0.1/ ftps://127.0.0.1/ gopher://127.0.0.1:8080/_GET%20/
    dict://127.0.0.1:8080/info ldap://127.0.0.1/ sftp://127.0.0.1/ tftp://127.0.0.1/x telnet://127.0.0.1:8080/
    ssh://127.0.0.1 smb://127.0.0.1/x rtsp://127.0.0.1/ ws://127.0.0.1/ wss://127.0.0.1/ jar:http://127.0.0.1!/
    netdoc:///etc/passwd unix:///run/docker.sock http+unix://%2Frun%2Fdocker.sock/ data:text/html,hello
    data:text/plain;base64,aGk= javascript:fetch('http://127.0.0.1') vbscript:x about:blank
    blob:http://127.0.0.1/x view-source:http://127.0.0.1/ feed:http://127.0.0.1/ url:http://127.0.0.1/
    http:127.0.0.1 http:/127.0.0.1 http:///127.0.0.1 https:127.0.0.1:8443 mailto:a@127.0.0.1 phar://x
    php://filter expect://id ｈｔｔｐ://127.0.0.1/ http：//127.0.0.1/"""
    ),
    "http:\\\\127.0.0.1\\",
    "\\\\127.0.0.1\\share",
    "ht\ttp://127.0.0.1/",
    "\x00http://127.0.0.1/",
    "http\u200b://127.0.0.1/",
]

PORTS = (0, 1, 21, 22, 25, 53, 111, 2375, 3306, 5432, 6379, 9200, 11211, 27017, 65535, 65536, -80)

LOCATIONS = [
    *words(
        """http://127.0.0.1/ http://127.0.0.1:{door}/ http://[::1]:{door}/ http://localhost:{door}/ http://2130706433/
    //127.0.0.1/ //127.0.0.1:{door} //[::1] ///127.0.0.1/ http:127.0.0.1 //169.254.169.254/ http://0x7f.1/
    http://[::ffff:a9fe:a9fe]/latest/meta-data/ http://metadata.google.internal/
    http://public.example@127.0.0.1/ http://public.example:22/ http://127.0.0.1:22/ file:///etc/passwd
    file:relative ftp://127.0.0.1/ gopher://127.0.0.1:{door}/_x data:text/plain,hello javascript:alert(1)
    https:///nowhere http://[::1 http://%31%32%37.0.0.1/ http://127。0。0。1/ http://evil.example/ //evil.example
    https://www.inner.example:8443/"""
    ),
    "/\\127.0.0.1/",
    "\\\\127.0.0.1",
    "http:\\\\127.0.0.1:8080",
]
"""Where a server redirects to; `{door}` is a port that is open on this machine."""

PAGES = {
    "meta refresh": '<meta http-equiv="refresh" content="0;url={to}">',
    "base": '<base href="{to}"><img src="x.png"><link rel=stylesheet href="x.css">',
    "resources": '<img src="{to}"><script src="{to}"></script><link rel=stylesheet href="{to}">'
    '<iframe src="{to}"></iframe><object data="{to}"></object><embed src="{to}">'
    '<video src="{to}"></video><img srcset="{to} 2x">',
    "doctype": '<!DOCTYPE html SYSTEM "{to}">',
    "entity": '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "{to}"><!ENTITY % y SYSTEM "{to}"> %y;]>'
    "<p>&x;</p>",
    "XInclude": '<html xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{to}" parse="text"/></html>',
    "stylesheet of XML": '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="{to}"?><html/>',
    "import": "<style>@import url({to}); body {{ background: url({to}) }}</style>",
    "frames": '<frameset><frame src="{to}"></frameset>',
    "canonical": '<link rel="canonical" href="{to}"><link rel="amphtml" href="{to}">'
    '<meta property="og:url" content="{to}">',
    "next page": '<a rel="next" href="{to}">next page</a>',
    "JSON-LD": '<script type="application/ld+json">{{"@context": "{to}", "@id": "{to}"}}</script>',
}
"""What in a page asks a reader to fetch something else."""

PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "FTP_PROXY")
"""Variables that send requests elsewhere."""
