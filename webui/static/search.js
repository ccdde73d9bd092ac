// Search: by a text, by a picture, or by an item that is already here.
import { html, useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { api, useAnswer } from "./api.js";
import { Cards } from "./cards.js";
import { Empty, Icon, Loading, NothingHere, Problem, Thumbnail, noun } from "./parts.js";
import { PictureBox, usePicture } from "./picture.js";
import { Welcome } from "./welcome.js";

const PAGE = 20;
const KS = [10, 20, 50, 100, 500];

// What stands in a box: the address's value until something is typed, and again when `source` changes.
// An effect would do the same a moment after the box is shown, and wipe out what was typed by then.
function useTyped(value, source = value) {
  const [{ typed, from }, set] = useState({ typed: value, from: source });
  if (from !== source) set({ typed: value, from: source });
  return [from === source ? typed : value, (next) => set({ typed: next, from: source })];
}

// Names that the filter language would read as its own words.
const RESERVED = new RegExp("^(and|any|as|between|case|create|cross|current_date|distinct|drop|else|except|false|for|from|glob|"
  + "having|if|ilike|in|inner|insert|intersect|into|is|join|like|not|null|on|or|outer|regexp|replace|rlike|select|show|then|"
  + "true|union|using|when|where|with|xor)$", "i");

function fieldOf(name) {
  const isPlain = /^[A-Za-z_]\w*$/.test(name) && !RESERVED.test(name);
  return isPlain ? name : `"${name.replaceAll('"', '""')}"`;
}

// A filter that also asks for this field's value; a quote inside text is doubled.
function narrowed(where, name, value, isMember) {
  const written = typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
  const term = isMember ? `${written} in ${fieldOf(name)}` : `${fieldOf(name)} = ${written}`;
  if (!where) return term;
  if (where.includes(term)) return where;
  return `${/\bor\b/i.test(where) ? `(${where})` : where} and ${term}`;
}

// A filter on a field that is there; a number tells most.
function exampleOf(fields) {
  const [name, type] = Object.entries(fields).find(([, type]) => type === "number") ?? Object.entries(fields)[0];
  return { number: `${fieldOf(name)} > 3`, boolean: `${fieldOf(name)} = true` }[type] ?? `${fieldOf(name)} = '…'`;
}

function Options({ info, params, go }) {
  const [where, setWhere] = useTyped(params.where ?? "");
  const fields = Object.keys(info.fields);
  const submit = (event) => {
    event.preventDefault();
    go({ where: where.trim(), page: null });
  };
  return html`
    <form class="options" onSubmit=${submit}>
      <label class="filter"><${Icon} name="filter" /><span class="visually-hidden">Filter</span>
        <input value=${where} spellcheck="false" autocapitalize="off" autocomplete="off"
          placeholder=${fields.length ? `filter, such as ${exampleOf(info.fields)}` : "no fields to filter by"}
          disabled=${!fields.length} onInput=${(e) => setWhere(e.target.value)} />
        ${params.where && html`<button type="button" class="quiet" aria-label="Remove the filter"
          onClick=${() => go({ where: null, page: null })}><${Icon} name="close" /></button>`}
      </label>
      <label class="k">nearest
        <select value=${String(params.k ?? 10)} onChange=${(e) => go({ k: e.target.value, page: null })}>
          ${[...new Set([...KS, Number(params.k) || 10])].sort((a, b) => a - b).map((k) => html`<option key=${k} value=${String(k)}>${k}</option>`)}
        </select>
      </label>
    </form>`;
}

function TextBox({ info, params, go }) {
  const [text, setText] = useTyped(params.q ?? "", JSON.stringify([params.q, params.like]));
  const box = useRef();
  useEffect(() => {
    if (!params.q && !params.like && matchMedia("(hover: hover)").matches) box.current.focus();
  }, []);
  const submit = (event) => {
    event.preventDefault();
    go({ q: text.trim(), like: null, page: null });
  };
  return html`
    <form class="ask" role="search" onSubmit=${submit}>
      <${Icon} name="search" />
      <input ref=${box} data-search value=${text} type="search" enterkeyhint="search"
        aria-label="Search by meaning" placeholder=${`Search ${info.name}`}
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

function Pages({ total, page, go }) {
  const last = Math.ceil(total / PAGE);
  if (last < 2) return null;
  return html`
    <nav class="pages" aria-label="Pages">
      <button type="button" class="button" disabled=${page <= 1} onClick=${() => go({ page: page - 1 })}>Previous</button>
      <span>${page} of ${last}</span>
      <button type="button" class="button" disabled=${page >= last} onClick=${() => go({ page: page + 1 })}>Next</button>
    </nav>`;
}

function Found({ info, params, go, answer, query, onSimilar }) {
  const { data, error, loading } = answer;
  if (error) return html`<${Problem} error=${error} />`;
  if (!data) return html`<${Loading} what="Searching" />`;
  const page = Math.max(1, Math.min(Number(params.page) || 1, Math.ceil(data.hits.length / PAGE) || 1));
  const shown = data.hits.slice((page - 1) * PAGE, page * PAGE);
  const onPick = (name, value, isMember) => go({ where: narrowed(params.where, name, value, isMember), page: null });
  if (!data.hits.length && !info.rows) return html`<${NothingHere} info=${info} />`;
  if (!data.hits.length)
    return html`<${Empty} title="Nothing matches">
      <p>${params.where ? "No item passes the filter. Loosen it, or remove it." : "The collection is empty."}</p>
      ${params.where && html`<button type="button" class="button" onClick=${() => go({ where: null })}>Remove the filter</button>`}
    <//>`;
  return html`
    <p class="tally" role="status" aria-live="polite">
      ${loading ? "Searching" : `The ${data.hits.length} nearest of ${noun(info.modality, info.rows)}`}
      ${!loading && html`<span class="took">${data.seconds < 0.01 ? "under 0.01" : data.seconds.toFixed(2)} s</span>`}
    </p>
    <${Cards} ...${{ info, query, onSimilar, onPick }} items=${shown} busy=${loading} />
    <${Pages} total=${data.hits.length} page=${page} go=${go} />`;
}

// What to ask the server for, or null while nothing is asked.
function load(info, params, picture) {
  const k = Number(params.k) || 10;
  const where = params.where || null;
  if (picture) return (signal) => api.searchByImage(info.name, { image: picture.blob, k, where }, signal);
  if (params.like) return (signal) => api.search(info.name, { key: params.like, k, where }, signal);
  if (params.q) return (signal) => api.search(info.name, { text: params.q, k, where }, signal);
  return null;
}

export function Search({ info, params, go }) {
  const [picture, setPicture] = usePicture(info.modality === "image");
  const asking = useMemo(() => load(info, params, picture), [info, params.q, params.like, params.k, params.where, picture]);
  const answer = useAnswer((signal) => (asking ? asking(signal) : null), [asking]);
  const like = useAnswer((signal) => (params.like ? api.item(info.name, params.like, signal) : null), [params.like]);
  const item = params.like && !picture && like.data?.key === params.like ? like.data : null;
  const onSimilar = (hit) => {
    setPicture(null);
    go({ like: hit.key, q: null, page: null });
  };
  const onClear = () => {
    setPicture(null);
    go({ like: null, page: null });
  };
  const Box = info.modality === "image" ? PictureBox : TextBox;
  return html`
    <div class="search">
      <h1 class="visually-hidden">Search ${info.name}</h1>
      <${Box} ...${{ info, params, go }} onPicture=${setPicture} />
      <${Options} ...${{ info, params, go }} />
      <${Asked} ...${{ info, item, picture, onClear }} />
      ${asking
        ? html`<${Found} ...${{ info, params, go, answer, onSimilar }} query=${params.q ?? item?.text} />`
        : html`<${Welcome} ...${{ info, go, onSimilar }} />`}
    </div>`;
}
