// What stands in a collection twice or more: groups of items that say the same, or nearly.
import { html, useEffect, useState } from "./vendor/preact.js";
import { api } from "./api.js";
import { Cards } from "./cards.js";
import { Empty, Loading, NothingHere, Problem, count, noun, plural } from "./parts.js";
import { visitSimilar } from "./router.js";

const FEW = 20;
const LIMIT = 50;
const HOW = { 1: "the very same", 0.98: "all but the same", 0.95: "nearly the same", 0.9: "alike" };

const told = (group) => [
  group.n_exact > 0 && plural(group.n_exact, "pair of the very same", "pairs of the very same"),
  group.n_near > 0 && plural(group.n_near, "pair of nearly the same", "pairs of nearly the same"),
].filter(Boolean).join(", ");

// Comparing takes a while, so what was asked before is not shown as if it were the answer.
function useGroups(info, threshold) {
  const [state, setState] = useState({});
  useEffect(() => {
    if (!info.rows) return undefined;
    const controller = new AbortController();
    setState({});
    api.duplicates(info.name, { threshold, limit: LIMIT }, controller.signal).then(
      (data) => controller.signal.aborted || setState({ data }),
      (error) => controller.signal.aborted || setState({ error }));
    return () => controller.abort();
  }, [info, threshold]);
  return state;
}

function Group({ info, group }) {
  const hidden = group.size - group.hits.length;
  return html`
    <section class="repeated" aria-label=${`${group.size} of the same`}>
      <h2>${count(group.size)} times <span class="hint">${told(group)}</span></h2>
      <${Cards} info=${info} items=${group.hits} onSimilar=${(item) => visitSimilar(info, item)} />
      ${hidden > 0 && html`<p class="hint">and ${count(hidden)} more</p>`}
    </section>`;
}

function Groups({ info, data }) {
  if (!data.total) return html`<${Empty} title="Nothing stands here twice"><p>All ${noun(info.modality, info.rows)} differ more than that.</p><//>`;
  const shown = data.groups.slice(0, FEW);
  return html`
    <p class="tally" role="status">${plural(data.total, "group")} with ${count(data.items)} of ${noun(info.modality, info.rows)}</p>
    ${shown.map((group) => html`<${Group} key=${group.hits[0]?.key} ...${{ info, group }} />`)}
    ${data.total > shown.length && html`<p class="hint">The ${shown.length} largest are shown. All of them: <code>semsearch duplicates ${info.name} --threshold ${data.threshold}</code></p>`}`;
}

export function Duplicates({ info, params, go }) {
  const threshold = Number(params.threshold) || 0.95;
  const { data, error } = useGroups(info, threshold);
  if (!info.rows) return html`<${NothingHere} info=${info} />`;
  return html`
    <div class="heading">
      <div><h1>Duplicates</h1><p class="lead">What says the same, word for word or nearly. Each member of a group is like another one of it.</p></div>
      <div class="controls"><label>At least
        <select value=${String(threshold)} onChange=${(e) => go({ threshold: e.target.value })}>
          ${[...new Set([...Object.keys(HOW).map(Number), threshold])].sort((a, b) => b - a).map((each) => html`
            <option key=${each} value=${String(each)}>${HOW[each] ? `${HOW[each]} (${each})` : each}</option>`)}
        </select></label></div>
    </div>
    ${error ? html`<${Problem} error=${error} />` : data ? html`<${Groups} ...${{ info, data }} />` : html`<${Loading} what="Comparing each with each" />`}`;
}
