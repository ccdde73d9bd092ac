// Search: by a text, by a picture, by an item that is already here, or by several of these.
import { html, useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { AddTerm, Algebra } from "./algebra.js";
import { api, useAnswer } from "./api.js";
import { MOST, explainer, useHits } from "./asking.js";
import { Cards } from "./cards.js";
import { Facets } from "./facets.js";
import { Judged, useJudging } from "./judging.js";
import { Options, useTyped } from "./options.js";
import { Empty, Icon, Loading, NothingHere, Problem, Thumbnail, noun, sentence } from "./parts.js";
import { PictureBox, usePicture } from "./picture.js";
import { refined, spellTerm } from "./terms.js";
import { Welcome } from "./welcome.js";
import { conditionsOf, narrowed } from "./where.js";

const ADVERBS = { lexical: "best by words", hybrid: "best by meaning and words", farthest: "farthest", unusual: "most unusual" };
const TELLING = 300; // characters; with a longer text nearly every hit has words in common
const BY_HAND = { semantic: "Search by meaning", lexical: "Search by words", hybrid: "Search by meaning and words" };

function TextBox({ info, params, ask }) {
  const [text, setText] = useTyped(params.q ?? "", JSON.stringify([params.q, params.like]));
  const box = useRef();
  useEffect(() => {
    if (!params.q && !params.like && matchMedia("(hover: hover)").matches) box.current.focus();
  }, []);
  const submit = (event) => {
    event.preventDefault();
    ask({ q: text.trim(), like: null, k: null, ...(params.order === "unusual" ? { order: null } : {}) });
  };
  return html`
    <form class="ask" role="search" onSubmit=${submit}>
      <${Icon} name="search" />
      <input ref=${box} data-search value=${text} type="search" enterkeyhint="search"
        aria-label=${BY_HAND[params.mode ?? "semantic"]} placeholder=${`Search ${info.name}`}
        autocomplete="off" onInput=${(e) => setText(e.target.value)} />
      <kbd aria-hidden="true">/</kbd>
      <button type="submit" class="button primary">Search</button>
    </form>`;
}

// The item or picture that was asked with, shown above what was found.
function Asked({ info, item, picture, onClear }) {
  if (!item && !picture) return null;
  const pictures = info.modality === "image";
  return html`
    <section class="asked" aria-label="Similar to">
      ${picture && html`<img src=${picture.url} alt="The picture you gave" />`}
      ${item && pictures && html`<${Thumbnail} collection=${info.name} item=${item} />`}
      <div>
        <h2>${picture ? "Like your picture" : "Similar to"}</h2>
        <p>${picture ? picture.name : item.text || item.key}</p>
      </div>
      <button type="button" class="quiet" aria-label="Clear" onClick=${onClear}><${Icon} name="close" /></button>
    </section>`;
}

// Why there is no hit, and what to do about it.
function Nothing({ info, params, notes, ask }) {
  if (!info.rows) return html`<${NothingHere} info=${info} />`;
  if (params.min_score)
    return html`<${Empty} title="Nothing here is a sure hit">
      ${notes.map((note) => html`<p key=${note}>${sentence(note)}</p>`)}
      ${params.min_score !== "auto" && html`<p>No hit scores ${params.min_score} or more.</p>`}
      <button type="button" class="button" onClick=${() => ask({ min_score: null })}>Show the nearest anyway</button><//>`;
  if (params.where)
    return html`<${Empty} title="Nothing matches"><p>No item passes the filter. Loosen it, or remove it.</p>
      <button type="button" class="button" onClick=${() => ask({ where: null })}>Remove the filter</button><//>`;
  if (params.mode === "lexical")
    return html`<${Empty} title="Nothing matches"><p>No text has any of these words.</p>
      <button type="button" class="button" onClick=${() => ask({ mode: null })}>Search by meaning</button><//>`;
  return html`<${Empty} title="Nothing matches"><p>Nothing is left beside what you asked with.</p><//>`;
}

function Tally({ info, params, found, judging }) {
  const { data, loading } = found;
  const how = ADVERBS[params.order] ?? ADVERBS[params.mode] ?? "nearest";
  return html`
    <div class="tally">
      <p role="status" aria-live="polite">
        ${loading ? "Searching" : `The ${data.hits.length} ${how} of ${noun(info.modality, info.rows)}`}</p>
      <${Judged} ...${{ info, judging }} />
      ${!loading && html`<span class="took">${data.seconds < 0.01 ? "under 0.01" : data.seconds.toFixed(2)} s</span>`}
    </div>
    ${data.notes.map((note) => html`<p class="note" key=${note}>${sentence(note)}</p>`)}`;
}

function Found({ info, params, ask, found, query, onSimilar, onTerm, isRefinable }) {
  const { data, error, loading, more, growing, question } = found;
  const judging = useJudging(info, isRefinable && params.q && !params.plus?.length && !params.minus?.length ? params.q.trim() : null);
  const explain = useMemo(() => isRefinable && explainer(info, question), [info, question, isRefinable]);
  if (error) return error.position === undefined ? html`<${Problem} error=${error} />` : null;
  if (!data) return html`<${Loading} what="Searching" />`;
  if (!data.hits.length) return html`<${Nothing} ...${{ info, params, ask }} notes=${data.notes} />`;
  const onPick = (name, value, isMember) => ask({ where: narrowed(params.where, conditionsOf(name, value, isMember)), k: null });
  const most = Math.max(...data.hits.map((hit) => hit.score ?? 0), 0.001);
  const tools = { mode: params.mode, most, judging, explain, onTerm: params.mode === "lexical" || params.order === "unusual" ? null : onTerm };
  return html`
    <${Tally} ...${{ info, params, found, judging }} />
    <${Cards} ...${{ info, query, onSimilar, onPick, tools }} items=${data.hits} busy=${loading} />
    ${data.after && data.hits.length < MOST && html`
      <p class="pages"><button type="button" class="button" disabled=${growing} onClick=${more}>${growing ? "Searching" : "Show more"}</button></p>`}`;
}

export function Search({ info, params, go }) {
  const [picture, setPicture] = usePicture(info.modality === "image");
  const ask = (changed, options) => go({ ...refined(params, changed), page: null }, options);
  const found = useHits(info, params, picture, (k) => ask({ k }, { replace: true }));
  const like = useAnswer((signal) => (params.like ? api.item(info.name, params.like, signal) : null), [params.like]);
  const item = params.like && !picture && like.data?.key === params.like ? like.data : null;
  const onSimilar = (hit) => {
    setPicture(null);
    go({ like: hit.key, where: params.where, q: null, plus: null, minus: null, mode: null, min_score: null, diversity: null,
      collapse: null, order: null, k: null, weight: null, fusion: null });
  };
  const onTerm = (side, hit) => {
    const term = spellTerm({ key: hit.key });
    const others = (name) => (params[name] ?? []).filter((each) => each !== term);
    ask({ plus: others("plus"), minus: others("minus"), [side]: [...others(side), term], k: null });
  };
  const onClear = () => {
    setPicture(null);
    ask({ like: null, k: null });
  };
  const [adding, setAdding] = useState(null);
  const onWhere = (where) => ask({ where, k: null });
  const Box = info.modality === "image" ? PictureBox : TextBox;
  return html`
    <div class=${`search ${found.isAsked && Object.keys(info.fields).length ? "wide" : ""}`}>
      <h1 class="visually-hidden">Search ${info.name}</h1>
      <${Box} ...${{ info, params, ask }} onPicture=${setPicture} />
      <${Algebra} ...${{ info, params, ask, adding, setAdding }} />
      <${Options} ...${{ info, params, ask }} isAsked=${found.isAsked} error=${found.isAsked ? found.error : null}>
        <${AddTerm} ...${{ info, params, setAdding }} /><//>
      <${Asked} ...${{ info, item, picture, onClear }} />
      ${found.isAsked
        ? html`<div class="narrowing">
            <${Facets} info=${info} where=${params.where} onWhere=${onWhere} />
            <div class="hits"><${Found} ...${{ info, params, ask, found, onSimilar, onTerm }} isRefinable=${!picture} query=${params.q ?? (item?.text.length < TELLING ? item.text : null)} /></div>
          </div>`
        : html`<${Welcome} ...${{ info, go, onSimilar }} />`}
    </div>`;
}
