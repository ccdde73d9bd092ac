// A stored item as a card: a row for texts, a tile for pictures.
import { html, useState } from "./vendor/preact.js";
import { Folded, Made, Sureness, Why } from "./found.js";
import { Thumbs } from "./judging.js";
import { Chips, Icon, Thumbnail } from "./parts.js";
import { InPlace, Told, usePlace } from "./texts.js";

const Key = ({ item }) => html`<code class="key" title="Key">${item.key}</code>`;
// A key such as red-apple says nothing beside the caption "red apple".
const plain = (words) => words.toLowerCase().replace(/[\W_]+/g, " ").trim();
const label = (item) => (item.text || item.key).trim().replace(/\s+/g, " ").slice(0, 80);

function SimilarButton({ item, onSimilar }) {
  return html`<button type="button" class="similar" data-similar aria-label=${`Similar to: ${label(item)}`}
    onClick=${() => onSimilar(item)}><${Icon} name="similar" /><span>similar</span></button>`;
}

// The ways to go on from a card; those of a question are there where one was asked.
function Actions({ item, tools, onSimilar }) {
  const { onTerm, judging } = tools ?? {};
  return html`
    <span class="actions">
      ${judging && html`<${Thumbs} item=${item} judging=${judging} />`}
      ${onTerm && html`
        <button type="button" class="act" data-plus title="More like this" aria-label=${`More like: ${label(item)}`}
          onClick=${() => onTerm("plus", item)}><${Icon} name="plus" /></button>
        <button type="button" class="act" data-minus title="Less like this" aria-label=${`Less like: ${label(item)}`}
          onClick=${() => onTerm("minus", item)}><${Icon} name="minus" /></button>`}
      ${onSimilar && html`<${SimilarButton} ...${{ item, onSimilar }} />`}
    </span>`;
}

// A hit, and once it was asked why, the same with the words that carried it.
function useExplained(item, explain) {
  const [told, setTold] = useState({ of: null, words: null });
  const words = told.of === explain ? told.words : null;
  const ask = async () => {
    if (words) return setTold({ of: null, words: null });
    const found = await explain(item.key).catch(() => null);
    return setTold({ of: explain, words: found?.words ?? [] });
  };
  return [words ? { ...item, words } : item, explain && item.score != null ? ask : null];
}

function Row({ info, item, query, onSimilar, onPick, extra, tools }) {
  const [hit, askWhy] = useExplained(item, tools?.explain);
  const place = usePlace(item, query);
  return html`
    <li class="card row" data-card tabindex="0" aria-label=${label(item)}>
      ${place ? html`<${InPlace} ...${{ hit, place, query }} />` : html`<${Told} text=${hit.text} query=${query} words=${hit.words} tellsNone=${!hit.parts} />`}
      ${hit.parts && html`<${Made} parts=${hit.parts} />`}
      ${hit.words && html`<${Why} words=${hit.words} percentile=${hit.percentile} mode=${tools.mode} />`}
      ${hit.folded && html`<${Folded} ...${{ info, hit, onSimilar }} />`}
      <footer>
        ${hit.score != null && html`<${Sureness} hit=${hit} mode=${tools?.mode} most=${tools?.most} />`}
        ${askWhy && html`<button type="button" class="why-button" data-why aria-expanded=${String(Boolean(hit.words))} onClick=${askWhy}>why?</button>`}
        ${extra}
        <${Key} item=${item} />
        <${Chips} fields=${item.fields} onPick=${onPick} />
        <${Actions} ...${{ item, tools, onSimilar }} />
      </footer>
    </li>`;
}

function Tile({ info, item, onSimilar, onPick, extra, tools, fieldsShown = 1 }) {
  const fields = Object.fromEntries(Object.entries(item.fields ?? {}).slice(0, fieldsShown));
  return html`
    <li class="card tile" data-card tabindex="0" aria-label=${label(item)}>
      <button type="button" class="picture" tabindex="-1" title="Find similar pictures"
        disabled=${!onSimilar} onClick=${() => onSimilar?.(item)}>
        <${Thumbnail} collection=${info.name} item=${item} />
      </button>
      <p class="caption">${item.text || item.key}</p>
      ${item.text && plain(item.text) !== plain(item.key) && html`<${Key} item=${item} />`}
      ${item.folded && html`<${Folded} hit=${item} ...${{ info, onSimilar }} />`}
      <footer>
        ${item.score != null && html`<${Sureness} hit=${item} mode=${tools?.mode} most=${tools?.most} />`}
        ${extra}
        ${onPick && html`<${Chips} fields=${fields} onPick=${onPick} />`}
        <${Actions} ...${{ item, tools, onSimilar }} />
      </footer>
    </li>`;
}

// `extra(item)` may add something to the foot of a card; `tools` is what a hit of a question can do.
export function Cards({ info, items, query, onSimilar, onPick, extra, tools, busy = false }) {
  const pictures = info.modality === "image";
  const Shown = pictures ? Tile : Row;
  return html`
    <ol class=${pictures ? "tiles" : "rows"} aria-busy=${busy}>
      ${items.map((item) => html`<${Shown} key=${item.key}
        ...${{ info, item, query, onSimilar, onPick, tools }} extra=${extra?.(item)} />`)}
    </ol>`;
}
