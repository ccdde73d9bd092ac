// The map: every item as a point, unlike ones apart. Hover reads one, the lasso reads many.
import { html, useCallback, useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { api, useAnswer } from "./api.js";
import { Cards } from "./cards.js";
import { Icon, Loading, NothingHere, Problem, Thumbnail, count, noun } from "./parts.js";
import { addressOf, visitSimilar } from "./router.js";

const SHOWN = 60;
const HUES = [
  "#0d9488", "#e8743b", "#5b6ee1", "#d6478f", "#7a9a1d", "#9b5fd0",
  "#c49a00", "#2b95d6", "#c94f4f", "#4b9e5f", "#a0725a", "#6f8ba4",
];
const hueOf = (cluster) => (cluster < 0 ? "#9aa0a0" : HUES[cluster % HUES.length]);

function colours(clusters) {
  const probe = document.body.appendChild(document.createElement("i"));
  const read = (name) => {
    probe.style.color = `var(${name})`;
    const channels = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3);
    return `#${channels.map((c) => Math.round(c).toString(16).padStart(2, "0")).join("")}`;
  };
  const palette = [hueOf(-1)];
  for (let id = 0; id < clusters; id += 1) palette.push(hueOf(id));
  const [background, accent, text] = ["--surface", "--accent", "--text"].map(read);
  probe.remove();
  return { kind: "colours", background, accent, text, palette };
}

// The plot's document, and what it tells; `send` waits until it is ready.
function usePlot(frame, onMessage) {
  const waiting = useRef([]);
  const ready = useRef(false);
  const send = useCallback((message) => {
    if (ready.current) frame.current.contentWindow.postMessage(message, location.origin);
    else waiting.current.push(message);
  }, []);
  useEffect(() => {
    const listen = ({ origin, source, data }) => {
      if (origin !== location.origin || source !== frame.current?.contentWindow) return;
      if (data.kind === "ready") {
        ready.current = true;
        waiting.current.splice(0).forEach(send);
      } else onMessage(data);
    };
    window.addEventListener("message", listen);
    return () => window.removeEventListener("message", listen);
  }, [onMessage]);
  return send;
}

function Tip({ info, map, hover }) {
  if (!hover || hover.index === null) return null;
  const item = { key: map.keys[hover.index], text: map.texts?.[hover.index] ?? map.keys[hover.index] };
  const name = map.names[map.clusters[hover.index]];
  const side = hover.x > hover.width / 2 ? "left" : "right";
  return html`
    <div class=${`tip ${side}`} style=${{ left: `${hover.x}px`, top: `${hover.y}px` }}>
      ${info.modality === "image" && html`<${Thumbnail} collection=${info.name} item=${item} size=${96} />`}
      <p>${item.text}</p>
      ${name && html`<p class="of"><span class="swatch" style=${{ background: hueOf(map.clusters[hover.index]) }}></span>${name}</p>`}
    </div>`;
}

function Legend({ info, map, chosen, onChoose }) {
  const sizes = useMemo(() => {
    const counted = new Map();
    map.clusters.forEach((id) => counted.set(id, (counted.get(id) ?? 0) + 1));
    return [...counted].filter(([id]) => id >= 0).sort((a, b) => b[1] - a[1]);
  }, [map]);
  if (!sizes.length)
    return html`<p class="hint"><a href=${addressOf(info.name, "clusters")}>Group the items</a>${" "}
      and the groups give the points their colours.</p>`;
  return html`<ul class="legend" aria-label="Groups">${sizes.map(([id, size]) => html`
    <li key=${id}><button type="button" aria-pressed=${chosen === id} onClick=${() => onChoose(chosen === id ? null : id)}>
      <span class="swatch" style=${{ background: hueOf(id) }}></span>
      <span class="name">${map.names[id]}</span><span class="n">${count(size)}</span></button></li>`)}</ul>`;
}

function Picked({ info, map, indices, onClear }) {
  const items = indices.slice(0, SHOWN).map((i) => ({ key: map.keys[i], text: map.texts?.[i] ?? map.keys[i], fields: {} }));
  const onSimilar = (item) => visitSimilar(info, item);
  return html`
    <section class="picked" aria-label="Chosen points" aria-live="polite">
      <header><h2>${noun(info.modality, indices.length)} chosen</h2>
        <button type="button" class="quiet" aria-label="Choose none" onClick=${onClear}><${Icon} name="close" /></button></header>
      ${indices.length > SHOWN && html`<p class="hint">The first ${SHOWN} of them:</p>`}
      <${Cards} ...${{ info, items, onSimilar }} />
    </section>`;
}

function Plot({ info, map, params, go }) {
  const frame = useRef();
  const [hover, setHover] = useState(null);
  const [picked, setPicked] = useState([]);
  const [lasso, setLasso] = useState(false);
  const [drawn, setDrawn] = useState(false);
  const onMessage = useCallback((data) => {
    if (data.kind === "hover") setHover({ ...data, width: frame.current.clientWidth });
    if (data.kind === "pick") setPicked(data.indices);
    if (data.kind === "drawn") setDrawn(true);
  }, []);
  const send = usePlot(frame, onMessage);
  const chosen = params.cluster === undefined ? null : Number(params.cluster);
  const choose = (id) => go({ cluster: id }, { replace: true });
  useEffect(() => {
    const paint = () => send(colours(Math.max(-1, ...map.clusters) + 1));
    paint();
    send({ kind: "points", x: map.x, y: map.y, groups: map.clusters.map((id) => id + 1) });
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", paint);
    window.addEventListener("semsearch-theme", paint);
    return () => {
      scheme.removeEventListener("change", paint);
      window.removeEventListener("semsearch-theme", paint);
    };
  }, [map]);
  useEffect(() => {
    if (!drawn) return;
    const indices = chosen === null ? [] : map.clusters.flatMap((id, i) => (id === chosen ? [i] : []));
    send({ kind: "pick", indices });
    setPicked(indices);
  }, [chosen, drawn]);
  useEffect(() => send({ kind: "mode", lasso }), [lasso]);
  const clear = () => {
    send({ kind: "pick", indices: [] });
    setPicked([]);
    if (chosen !== null) choose(null);
  };
  return html`
    <div class="plane">
      <div class="plot" onMouseLeave=${() => setHover(null)}>
        <iframe ref=${frame} src="/plot" title=${`${count(map.keys.length)} points; the groups beside it list the same items as text`}></iframe>
        <div class="plot-tools" role="group" aria-label="What dragging does">
          <button type="button" class="quiet" aria-pressed=${!lasso} aria-label="Move and zoom" title="Move and zoom" onClick=${() => setLasso(false)}><${Icon} name="move" /></button>
          <button type="button" class="quiet" aria-pressed=${lasso} aria-label="Lasso" title="Lasso: draw around points" onClick=${() => setLasso(true)}><${Icon} name="lasso" /></button>
          <button type="button" class="quiet text" onClick=${() => send({ kind: "whole" })}>Show all</button>
        </div>
        ${!drawn && html`<${Loading} what="Drawing" />`}
        <${Tip} ...${{ info, map, hover }} />
      </div>
      <aside>
        ${picked.length > 0 && html`<${Picked} ...${{ info, map }} indices=${picked} onClear=${clear} />`}
        <${Legend} ...${{ info, map, chosen }} onChoose=${choose} />
      </aside>
    </div>`;
}

export function MapView({ info, params, go }) {
  const { data, error } = useAnswer((signal) => api.map(info.name, signal), [info.name]);
  if (!info.rows) return html`<${NothingHere} info=${info} />`;
  return html`
    <header class="heading"><div><h1>Map</h1>
      <p class="lead">${noun(info.modality, info.rows)}, laid flat from ${count(info.dim)} dimensions by PCA.
        Points far apart differ; near ones need not be alike.</p></div></header>
    ${error && html`<${Problem} error=${error} />`}
    ${!data && !error && html`<${Loading} what="Laying out the points" />`}
    ${data && html`<${Plot} map=${data} ...${{ info, params, go }} />`}`;
}
