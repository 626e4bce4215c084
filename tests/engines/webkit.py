"""A small browser on WebKitGTK, told what to do line by line.

    python3 webkit.py PROFILE PROXY LOCALE

MiniBrowser forgets all it stored as soon as WebDriver drives it, and WebDriver gives up once a page's process dies: neither
can show what outlives a crash. PROFILE is the folder in which storage lies; all requests go through PROXY, those to localhost
too. Each line read is {"id", "do", "tab", …}; its answer is {"id", "value"} or {"id", "error"}, in whichever order they come.
"""

import json
import os
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gdk, GLib, Gtk, WebKit2  # noqa: E402


class Tab:
    """A page in a window of its own."""

    def __init__(self, context):
        self.loading = None
        self.asked = []
        self.view = WebKit2.WebView(web_context=context)
        self.view.connect("load-changed", self.load_changed)
        self.view.connect("web-process-terminated", self.terminated)
        self.window = Gtk.Window(default_width=1280, default_height=800)
        self.window.add(self.view)
        self.window.show_all()

    def show(self, answer):
        """Answers once keys go to this page."""

        def active(*_):
            if self.window.is_active():
                self.window.disconnect(heard)
                answer()

        heard = self.window.connect("notify::is-active", active)
        # There is no window manager to give the focus.
        self.window.get_window().focus(Gdk.CURRENT_TIME)
        self.view.grab_focus()
        active()

    def load(self, begin, answer):
        """Answers once what `begin` begins is loaded; what was loading before ends meanwhile."""
        self.loading = {"answer": answer, "has_begun": False}
        begin()

    def load_changed(self, _, event):
        if event == WebKit2.LoadEvent.STARTED and self.loading:
            self.loading["has_begun"] = True
        if event == WebKit2.LoadEvent.COMMITTED:
            self.left("the page was left")
        if event == WebKit2.LoadEvent.FINISHED and self.loading and self.loading["has_begun"]:
            self.loaded()

    def loaded(self, error=None):
        loading, self.loading = self.loading, None
        if loading:
            loading["answer"](error=error)

    def terminated(self, *_):
        self.left("the page's process is gone")
        self.loaded("the page's process is gone")

    def left(self, error):
        """A page that is only kept for going back would not answer any more."""
        asked, self.asked = self.asked, []
        for answer in asked:
            answer(error=error)

    def evaluate(self, script, answer):
        def done(view, result):
            if answer not in self.asked:
                return
            self.asked.remove(answer)
            try:
                answer(value=view.call_async_javascript_function_finish(result).to_string())
            except GLib.Error as error:
                answer(error=error.message)

        self.asked.append(answer)
        self.view.call_async_javascript_function(f"return await ({script})", -1, None, None, None, None, done)

    def press(self, keys):
        keyboard = Gdk.Display.get_default().get_default_seat().get_keyboard()
        keymap = Gdk.Keymap.get_for_display(Gdk.Display.get_default())
        state = Gdk.ModifierType(0)
        for name, is_down in keys:
            value = Gdk.keyval_from_name(name)
            _, codes = keymap.get_entries_for_keyval(value)
            event = Gdk.Event.new(Gdk.EventType.KEY_PRESS if is_down else Gdk.EventType.KEY_RELEASE)
            event.window = self.view.get_window()
            event.send_event = False
            event.time = Gdk.CURRENT_TIME
            event.state = state
            event.keyval = value
            event.hardware_keycode = codes[0].keycode
            event.set_device(keyboard)
            Gtk.main_do_event(event)
            if name == "Shift_L":
                state = Gdk.ModifierType.SHIFT_MASK if is_down else Gdk.ModifierType(0)

    def close(self, answer):
        def closed(_):
            self.window.destroy()
            answer()

        self.view.connect("close", closed)
        self.view.try_close()


def browse(profile, proxy, locale):
    data = WebKit2.WebsiteDataManager(base_data_directory=f"{profile}/data", base_cache_directory=f"{profile}/cache")
    data.set_network_proxy_settings(WebKit2.NetworkProxyMode.CUSTOM, WebKit2.NetworkProxySettings.new(proxy, None))
    context = WebKit2.WebContext(website_data_manager=data)
    context.set_preferred_languages([locale])
    tabs = []

    def obey(command):
        def answer(value=None, error=None):
            said = {"id": command["id"], **({"value": value} if error is None else {"error": error})}
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()

        do = command["do"]
        if do == "open":
            tabs.append(Tab(context))
            return answer(len(tabs) - 1)
        tab = tabs[command["tab"]]
        if do == "goto":
            return tab.load(lambda: tab.view.load_uri(command["url"]), answer)
        if do == "reload":
            return tab.load(tab.view.reload, answer)
        if do == "evaluate":
            return tab.evaluate(command["script"], answer)
        if do == "close":
            return tab.close(answer)
        if do == "show":
            return tab.show(answer)
        if do == "back":
            tab.view.go_back()
        elif do == "press":
            tab.press(command["keys"])
        answer()

    rest = b""

    def read(*_):
        nonlocal rest
        more = os.read(0, 65536)
        if not more:
            Gtk.main_quit()
            return False
        *lines, rest = (rest + more).split(b"\n")
        for line in lines:
            obey(json.loads(line))
        return True

    GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP, read)
    Gtk.main()
    for tab in tabs:
        tab.window.destroy()


browse(*sys.argv[1:])
