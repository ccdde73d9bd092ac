// The frame around every view: which collection, which view, the theme, the keyboard.
import { html, render, useEffect, useMemo, useState } from "./vendor/preact.js";
import { api, useAnswer } from "./api.js";
import { Classes } from "./classes.js";
import { Clusters } from "./clusters.js";
import { Duplicates } from "./duplicates.js";
import { KEYS, useKeys } from "./keys.js";
import { MapView } from "./map.js";
import { Dialog, Empty, Icon, Loading, Problem } from "./parts.js";
import { VIEWS, addressOf, followLinks, useAddress } from "./router.js";
import { Search } from "./search.js";

const SHOWN = { search: Search, clusters: Clusters, map: MapView, classes: Classes, duplicates: Duplicates };
const TITLES = { search: "Search", clusters: "Clusters", map: "Map", classes: "Classes", duplicates: "Duplicates" };

function ThemeButton() {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const [theme, setTheme] = useState(document.documentElement.dataset.theme ?? system);
  const other = theme === "dark" ? "light" : "dark";
  const change = () => {
    document.documentElement.dataset.theme = other;
    setTheme(other);
    try {
      localStorage.setItem("semsearch-theme", other);
    } catch {
      // Without storage the choice lasts until the page is closed.
    }
    window.dispatchEvent(new Event("semsearch-theme"));
  };
  return html`<button type="button" class="quiet" aria-label=${`Switch to ${other} colours`}
    onClick=${change}><${Icon} name=${theme === "dark" ? "sun" : "moon"} /></button>`;
}

function Picker({ collections, name, view, open }) {
  return html`
    <label class="picker"><span class="visually-hidden">Collection</span>
      <select value=${name} onChange=${(e) => open(addressOf(e.target.value, view))}>
        ${collections.map((each) => html`<option key=${each.name} value=${each.name}>${each.name}</option>`)}
        ${!collections.some((each) => each.name === name) &&
        html`<option value=${name}>${name}</option>`}
      </select>
    </label>`;
}

function Header({ collections, name, view, open, showHelp }) {
  return html`
    <header class="top">
      <a class="wordmark" href=${name ? addressOf(name, "search") : "/"}>
        <img src="/static/icon.svg" alt="" width="22" height="22" /><span>semsearch</span>
      </a>
      ${name && html`<${Picker} ...${{ collections, name, view, open }} />`}
      ${name && html`
        <nav aria-label="Views">
          ${VIEWS.map((each) => html`<a key=${each} href=${addressOf(name, each)}
            aria-current=${each === view ? "page" : null}>${TITLES[each]}</a>`)}
        </nav>`}
      <span class="tools">
        <button type="button" class="quiet" aria-label="Keyboard shortcuts" onClick=${showHelp}>?</button>
        <${ThemeButton} />
      </span>
    </header>`;
}

const Help = ({ open, onClose }) => html`
  <${Dialog} title="Keyboard" open=${open} onClose=${onClose}>
    <dl class="keys">${KEYS.map(([key, does]) => html`
      <div key=${key}><dt>${key.split(" ").map((k) => (k === "or" ? " or " : html`<kbd>${k}</kbd>`))}</dt>
      <dd>${does}</dd></div>`)}</dl>
  <//>`;

const NoCollections = () => html`
  <${Empty} title="No collection yet">
    <p>Build the two sample collections, or index a file or folder of your own. This page finds them
      by itself when you reload it.</p>
    <pre>semsearch demo --no-serve
semsearch index reviews reviews.csv --text review
semsearch index photos ~/Pictures</pre>
  <//>`;

function View({ name, view, params, open }) {
  const info = useAnswer((signal) => api.info(name, signal), [name]);
  const current = info.data?.name === name ? info.data : null;
  if (info.error) return html`<${Problem} error=${info.error} retry=${() => location.reload()} />`;
  if (!current) return html`<${Loading} what="Opening the collection" />`;
  const Shown = SHOWN[view];
  const go = (changed, options) => open(addressOf(name, view, { ...params, ...changed }), options);
  return html`<${Shown} key=${`${name}/${view}`} info=${current} params=${params} go=${go} />`;
}

function useTitle(name, view, params) {
  useEffect(() => {
    const what = view === "search" ? params.q : TITLES[view];
    document.title = [what, name, "semsearch"].filter(Boolean).join(" · ");
  });
}

function App() {
  const [{ name, view, params }, open] = useAddress();
  const [help, setHelp] = useState(false);
  const all = useAnswer((signal) => api.collections(signal), []);
  const collections = all.data?.collections ?? [];
  useTitle(name, view, params);
  useEffect(() => {
    // A question can be typed at once where there are texts.
    const first = collections.find((each) => each.modality === "text") ?? collections[0];
    if (!name && first) open(addressOf(first.name, "search"), { replace: true });
  }, [name, all.data]);
  const handlers = useMemo(
    () => ({
      showHelp: () => setHelp(true),
      openView: (index) => name && open(addressOf(name, VIEWS[index])),
    }),
    [name, open],
  );
  useKeys(handlers);
  return html`
    <div onClick=${followLinks(open)}>
      <a class="skip" href="#main">Skip to the content</a>
      <${Header} ...${{ collections, name, view, open }} showHelp=${handlers.showHelp} />
      <main id="main" tabindex="-1" class=${`view-${view}`}>
        ${all.error && html`<${Problem} error=${all.error} retry=${() => location.reload()} />`}
        ${!name && all.data && !collections.length && html`<${NoCollections} />`}
        ${name && !all.error && html`<${View} ...${{ name, view, params, open }} />`}
      </main>
      <${Help} open=${help} onClose=${() => setHelp(false)} />
    </div>`;
}

render(html`<${App} />`, document.getElementById("app"));
