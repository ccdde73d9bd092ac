// A stored item as a card: a row for texts, a tile for pictures.
import { html } from "./vendor/preact.js";
import { Chips, Icon, Score, Thumbnail, Told } from "./parts.js";

const Key = ({ item }) => html`<code class="key" title="Key">${item.key}</code>`;
// A key such as red-apple says nothing beside the caption "red apple".
const plain = (words) => words.toLowerCase().replace(/[\W_]+/g, " ").trim();
const label = (item) => (item.text || item.key).slice(0, 80);

function SimilarButton({ item, onSimilar }) {
  return html`<button type="button" class="similar" data-similar aria-label=${`Similar to: ${label(item)}`}
    onClick=${() => onSimilar(item)}><${Icon} name="similar" /><span>similar</span></button>`;
}

function Row({ item, query, onSimilar, onPick, extra }) {
  return html`
    <li class="card row" data-card tabindex="0" aria-label=${label(item)}>
      <${Told} text=${item.text} query=${query} />
      <footer>
        ${item.score != null && html`<${Score} value=${item.score} />`}
        ${extra}
        <${Key} item=${item} />
        <${Chips} fields=${item.fields} onPick=${onPick} />
        ${onSimilar && html`<${SimilarButton} ...${{ item, onSimilar }} />`}
      </footer>
    </li>`;
}

function Tile({ collection, item, onSimilar, onPick, extra, fieldsShown = 1 }) {
  const fields = Object.fromEntries(Object.entries(item.fields ?? {}).slice(0, fieldsShown));
  return html`
    <li class="card tile" data-card tabindex="0" aria-label=${label(item)}>
      <button type="button" class="picture" tabindex="-1" title="Find similar pictures"
        disabled=${!onSimilar} onClick=${() => onSimilar?.(item)}>
        <${Thumbnail} ...${{ collection, item }} />
      </button>
      <p class="caption">${item.text || item.key}</p>
      ${item.text && plain(item.text) !== plain(item.key) && html`<${Key} item=${item} />`}
      <footer>
        ${item.score != null && html`<${Score} value=${item.score} />`}
        ${extra}
        ${onPick && html`<${Chips} fields=${fields} onPick=${onPick} />`}
        ${onSimilar && html`<${SimilarButton} ...${{ item, onSimilar }} />`}
      </footer>
    </li>`;
}

// `extra(item)` may add something to the foot of a card.
export function Cards({ info, items, query, onSimilar, onPick, extra, busy = false }) {
  const pictures = info.modality === "image";
  const Shown = pictures ? Tile : Row;
  return html`
    <ol class=${pictures ? "tiles" : "rows"} aria-busy=${busy}>
      ${items.map((item) => html`<${Shown} key=${item.key} collection=${info.name}
        ...${{ item, query, onSimilar, onPick }} extra=${extra?.(item)} />`)}
    </ol>`;
}
