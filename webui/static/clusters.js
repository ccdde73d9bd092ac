// Clusters: what is in here? Groups of near items, with a name, a size and what they look like.
import { html, useEffect, useState } from "./vendor/preact.js";
import { api, useAnswer } from "./api.js";
import { Cards } from "./cards.js";
import { Empty, Icon, Loading, Problem, Thumbnail, count, noun, plural } from "./parts.js";
import { addressOf, visitSimilar } from "./router.js";

const PAGE = 50;

function Controls({ busy, known, onMake }) {
  const [n, setN] = useState("");
  const submit = (event) => {
    event.preventDefault();
    onMake(n === "" ? null : Number(n));
  };
  return html`
    <form class="controls" onSubmit=${submit}>
      <label>How many
        <input type="number" min="2" max="1000" step="1" value=${n} placeholder="auto"
          onInput=${(e) => setN(e.target.value)} />
      </label>
      <button type="submit" class="button primary" disabled=${busy}>
        ${busy ? "Grouping" : known ? "Group again" : "Group them"}</button>
    </form>`;
}

function Representatives({ info, cluster }) {
  if (!cluster.representatives.length) return null;
  if (info.modality === "image")
    return html`<div class="sheet">${cluster.representatives.slice(0, 6).map((item) => html`
      <${Thumbnail} key=${item.key} collection=${info.name} item=${item} size=${128} />`)}</div>`;
  return html`<ul class="said">${cluster.representatives.slice(0, 3).map((item) => html`
    <li key=${item.key}>${item.text}</li>`)}</ul>`;
}

const furtherWords = ({ name, keywords }) => {
  const said = name.split(", ");
  return keywords.filter((word) => !said.includes(word));
};

function ClusterCard({ info, cluster, rows, largest }) {
  const href = addressOf(info.name, "clusters", { cluster: cluster.id });
  return html`
    <li class="card cluster">
      <h2><a href=${href} data-card>${cluster.name}</a></h2>
      <p class="size">
        <span class="bar" aria-hidden="true"><span style=${{ width: `${(100 * cluster.size) / largest}%` }}></span></span>
        ${noun(info.modality, cluster.size)}, ${((100 * cluster.size) / rows).toFixed(1)} %
      </p>
      <p class="keywords">${furtherWords(cluster).join(", ")}</p>
      <${Representatives} ...${{ info, cluster }} />
    </li>`;
}

function Members({ info, cluster, go }) {
  const [limit, setLimit] = useState(PAGE);
  const { data, error, loading } = useAnswer(
    (signal) => api.members(info.name, cluster.id, 0, limit, signal), [cluster.id, limit]);
  const onSimilar = (item) => visitSimilar(info, item);
  return html`
    <section class="members">
      <button type="button" class="quiet back" onClick=${() => go({ cluster: null })}>
        <${Icon} name="back" /> All clusters</button>
      <h1>${cluster.name}</h1>
      <p class="lead">${noun(info.modality, cluster.size)} · ${cluster.keywords.join(", ")}</p>
      ${error && html`<${Problem} error=${error} />`}
      ${!data && loading && html`<${Loading} what="Fetching the members" />`}
      ${data && html`<${Cards} info=${info} items=${data.hits} onSimilar=${onSimilar} busy=${loading} />`}
      ${data && data.total > data.hits.length && limit < 1000 && html`
        <button type="button" class="button" onClick=${() => setLimit(Math.min(1000, limit + PAGE))}>Show more</button>`}
    </section>`;
}

const filled = (clustering) => clustering.clusters.filter((each) => each.size > 0);

function Sheet({ info, clustering }) {
  const shown = filled(clustering).sort((a, b) => b.size - a.size);
  const largest = shown.length ? shown[0].size : 1;
  return html`<ul class="clusters">${shown.map((cluster) => html`
    <${ClusterCard} key=${cluster.id} ...${{ info, cluster, largest }} rows=${clustering.rows} />`)}</ul>`;
}

const told = (info, clustering) => {
  const outliers = clustering.outliers ? `, ${plural(clustering.outliers, "outlier")}` : "";
  const since = info.rows - clustering.rows;
  const news = since > 0 ? ` ${count(since)} came later and are not in it: group again.` : "";
  return `${noun(info.modality, clustering.rows)} in ${plural(filled(clustering).length, "group")}${outliers}.${news}`;
};

export function Clusters({ info, params, go }) {
  const stored = useAnswer((signal) => api.clusters(info.name, signal), [info.name]);
  const [made, setMade] = useState({ data: null, error: null, busy: false });
  const clustering = made.data ?? stored.data;
  const none = stored.error?.code === "result-not-found" && !clustering;
  const onMake = async (n) => {
    setMade({ ...made, error: null, busy: true });
    try {
      setMade({ data: await api.makeClusters(info.name, n), error: null, busy: false });
    } catch (error) {
      setMade({ ...made, error, busy: false });
    }
  };
  const cluster = clustering?.clusters.find((each) => String(each.id) === params.cluster);
  useEffect(() => window.scrollTo(0, 0), [params.cluster]);
  if (cluster) return html`<${Members} key=${cluster.id} ...${{ info, cluster, go }} />`;
  return html`
    <header class="heading">
      <div><h1>Clusters</h1>
        <p class="lead" role="status">${made.busy ? "Grouping the items; this takes a moment." : clustering && told(info, clustering)}</p></div>
      <${Controls} busy=${made.busy} known=${Boolean(clustering)} onMake=${onMake} />
    </header>
    ${made.error && html`<${Problem} error=${made.error} />`}
    ${stored.error && stored.error.code !== "result-not-found" && html`<${Problem} error=${stored.error} />`}
    ${stored.loading && !clustering && html`<${Loading} what="Fetching the clusters" />`}
    ${none && !made.busy && html`<${Empty} title="Not grouped yet">
      <p>Give a number, or leave it to semsearch. Nothing is changed but the groups.</p><//>`}
    ${clustering && html`<div aria-busy=${made.busy}><${Sheet} ...${{ info, clustering }} /></div>`}`;
}
