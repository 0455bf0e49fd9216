"""Robots are named by the user agent they give; a person's browser, and TikTok's above all, is never taken for one."""

from __future__ import annotations

import subprocess
import sys

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]  # it has no types
from hypothesis import given
from hypothesis import strategies as st

from fullcount.identity.bots import bot_name

# As these browsers write it in 2025; of each family one.
PEOPLE = [
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
        "Safari/537.36 Edg/142.0.0.0"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.5 Mobile/15E148 Safari/604.1"
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.5 Safari/605.1.15"
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"),
    (
        "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) "
        "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36"
    ),
    (
        "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 30) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/120.0.0.0 Mobile Safari/537.36"
    ),
    (
        "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
        "Mobile Safari/537.36"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Mobile/15E148 Instagram 380.0.0.28.105 (iPhone14,5; iOS 18_5; en_US; en; scale=3.00; 1170x2532; "
        "736286386)"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Mobile/15E148 "
        "[FBAN/FBIOS;FBAV/512.0.0.40.106;FBBV/733000000;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/18.5;FBSS/3;FBID/phone;FBLC/en_US;FBOP/5]"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Mobile/15E148 [Pinterest/iOS]"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.5 Mobile/15E148 Snapchat/13.40.0.35 (like Safari/8620.2.4.10.8, panda)"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "GSA/370.0.761 Mobile/15E148 Safari/604.1"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "CriOS/142.0.7444.46 Mobile/15E148 Safari/604.1"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "FxiOS/144.0 Mobile/15E148 Safari/604.1"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.5 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15"
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 "
        "Safari/537.36 OPR/125.0.0.0"
    ),
    (
        "Mozilla/5.0 (Linux; U; Android 13; en-US; 2201117TY) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Version/4.0 Chrome/100.0.4896.58 UCBrowser/13.7.8.1319 Mobile Safari/537.36"
    ),
    (
        "Mozilla/5.0 (Linux; Android 11; KFRASWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/140.3.1 like "
        "Chrome/140.0.7339.207 Safari/537.36"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Mobile/15E148 Safari Line/15.7.0"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Mobile/15E148 MicroMessenger/8.0.56(0x1800382d) NetType/WIFI Language/en"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Mobile/15E148 [LinkedInApp]/9.31.5000"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Mobile/15E148 Twitter for iPhone/11.20"
    ),
    (
        "Mozilla/5.0 (Linux; U; Android 14; en-us; 23117RA68G Build/UP1A.231005.007) AppleWebKit/537.36 "
        "(KHTML, like Gecko) Version/4.0 Chrome/119.0.6045.193 Mobile Safari/537.36 "
        "XiaoMi/MiuiBrowser/14.31.0-gn"
    ),
    (
        "Mozilla/5.0 (Linux; Android 12; NOH-NX9) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/114.0.5735.196 HuaweiBrowser/16.0.6.300 Mobile Safari/537.36"
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
        "YaBrowser/25.10.0.0 Safari/537.36"
    ),
    (
        "Mozilla/5.0 (Linux; Android 14; SM-S918N; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
        "Chrome/142.0.0.0 Mobile Safari/537.36;KAKAOTALK 2410980"
    ),
    (
        "Mozilla/5.0 (Linux; Android 14; SM-S918N) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
        "Chrome/142.0.0.0 Whale/1.0.0.0 Crosswalk/29.142.0.18 Mobile Safari/537.36 NAVER(inapp; search; "
        "2000; 12.15.2)"
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/70.0.3538.102 Safari/537.36 Edge/18.19582"
    ),
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    (
        "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
        "Chrome/142.0.0.0 Mobile Safari/537.36 Reddit/Version 2025.45.0"
    ),
    (
        "Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.5) AppleWebKit/537.36 (KHTML, like Gecko) 85.0.4183.93/6.5 "
        "TV Safari/537.36"
    ),
    (
        "Mozilla/5.0 (X11; Linux x86_64; Quest 3) AppleWebKit/537.36 (KHTML, like Gecko) "
        "OculusBrowser/38.0.0.6.41 Chrome/134.0.6998.205 VR Safari/537.36"
    ),
]
IN_APP = [
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Mobile/15E148 musical_ly_39.5.0 JsSdk/2.0 NetType/WIFI Channel/App Store ByteLocale/en Region/US "
        "isDarkMode/0 WKWebView/1 RevealType/Dialog BytedanceWebview/d8a21c6"
    ),
    (
        "Mozilla/5.0 (Linux; Android 14; SM-A546E Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, "
        "like Gecko) Version/4.0 Chrome/142.0.0.0 Mobile Safari/537.36 trill_390503 JsSdk/1.0 NetType/WIFI "
        "Channel/googleplay AppName/trill app_version/39.5.3 ByteLocale/vi-VN ByteFullLocale/vi-VN "
        "Region/VN AppId/1180 Spark/1.7.0 AppVersion/39.5.3 BytedanceWebview/d8a21c6"
    ),
    (
        "Mozilla/5.0 (Linux; Android 13; 22101316C) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
        "Chrome/116.0.0.0 Mobile Safari/537.36 aweme_350000 JsSdk/1.0 NetType/WIFI AppName/aweme "
        "app_version/35.0.0 ByteLocale/zh-CN"
    ),
]
ROBOTS = {
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "Googlebot",
    "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (compatible; Bytespider; spider@example.com)": "Bytespider",
    "Mozilla/5.0 (compatible; TikTokSpider; ttspider-feedback@example.com)": "TikTokSpider",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/142.0.0.0 Safari/537.36": "HeadlessChrome",
    "Mozilla/5.0 (Macintosh) AppleWebKit/537.36 Chrome/119.0.0.0 Safari/537.36 Chrome-Lighthouse": "Chrome-Lighthouse",
    "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 PhantomJS/2.1.1 Safari/538.1": "PhantomJS",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)": "facebookexternalhit",
    "curl/8.5.0": "curl",
    "python-requests/2.32.3": "python-requests",
}
# Not on the list, and recognised by a mark of our own.
MARKED = {
    "Mozilla/5.0 (compatible; examplebot/1.0; +https://example.com)": "bot",
    "Mozilla/5.0 (compatible; Example-BOT)": "BOT",
    "Example Crawler": "Crawl",
    "Mozilla/5.0 gtm-msr.appspot.com": "gtm-msr.appspot.com",
    "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/144.0 Headless": "Headless",
}


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_a_persons_browser_is_no_robot(user_agent: str) -> None:
    """Browsers of every family, in-app ones and a maker of telephones called CUBOT are left alone."""
    assert bot_name(user_agent) is None


@pytest.mark.parametrize("user_agent", IN_APP)
def test_tiktoks_own_browser_is_never_a_robot(user_agent: str) -> None:
    """Where TikTok's ads are clicked nothing in the user agent makes a robot of it, whatever stands behind."""
    assert bot_name(user_agent) is None
    assert bot_name(f"{user_agent} AnyBot/1.0") is None


@pytest.mark.parametrize(("user_agent", "name"), sorted({**ROBOTS, **MARKED}.items()))
def test_a_robot_is_called_by_its_name(user_agent: str, name: str) -> None:
    """Crawlers, previews, automated browsers and libraries are recognised, those on no list by their marks."""
    assert bot_name(user_agent) == name


def test_every_robot_of_the_list_is_recognised() -> None:
    """All user agents that the list gives as examples of its patterns have a name, which is never the whole of it."""
    examples = [example for entry in CRAWLER_USER_AGENTS_DATA for example in entry["instances"]]

    assert len(examples) > 2_000
    assert [example for example in examples if not bot_name(example)] == []
    assert max(len(bot_name(example) or "") for example in examples) <= 64


def test_a_driven_browser_is_a_robot() -> None:
    """A page that sees navigator.webdriver says so; a robot that has a better name keeps it."""
    assert bot_name(PEOPLE[0], is_webdriver=True) == "webdriver"
    assert bot_name(None, is_webdriver=True) == "webdriver"
    assert bot_name("curl/8.5.0", is_webdriver=True) == "curl"


@pytest.mark.parametrize("user_agent", [None, ""])
def test_no_user_agent_says_nothing(user_agent: str | None) -> None:
    """Many senders carry none, and that makes nobody a robot."""
    assert bot_name(user_agent) is None


@given(st.text(max_size=3_000))
def test_no_user_agent_raises(user_agent: str) -> None:
    """Whatever a browser sends is answered, with a name or with nothing."""
    name = bot_name(user_agent)

    assert name is None or name


def _printed(script: str) -> list[str]:
    """Return what a fresh interpreter prints, word by word."""
    run = subprocess.run(  # noqa: S603 - this interpreter, on a text that stands here
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return run.stdout.split()


def test_the_list_is_loaded_when_it_is_first_needed() -> None:
    """Importing the module loads neither the list nor its half megabyte, so that the library starts light."""
    script = (
        "import sys, fullcount.identity.bots as bots\n"
        "before = 'crawleruseragents' in sys.modules\n"
        "bots.bot_name('curl/8.5.0')\n"
        "print(before, 'crawleruseragents' in sys.modules)"
    )

    assert _printed(script) == ["False", "True"]


def test_without_the_list_our_own_marks_remain() -> None:
    """A library installed without the gateway's extra still knows what calls itself a bot or is headless."""
    script = (
        "import sys\n"
        "sys.modules['crawleruseragents'] = None\n"
        "from fullcount.identity.bots import bot_name\n"
        "print(bot_name('Googlebot/2.1'), bot_name('HeadlessChrome/142'), bot_name('facebookexternalhit/1.1'))"
    )

    assert _printed(script) == ["bot", "Headless", "None"]
