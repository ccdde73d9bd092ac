// Texts of hits: the words marked that matter, long ones cut, the best passage of the longest shown in place.
import { html, useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { count } from "./parts.js";
import { contentWords, densest, pieces } from "./words.js";

const AROUND = 160; // characters before and after a passage
const LONG = 1500; // characters of a text that is not shown from its beginning

// Positions count characters as Python does; beyond the first plane one has two units here.
const characters = (text) => (/[\ud800-\udfff]/.test(text) ? Array.from(text) : text);
const written = (part) => (typeof part === "string" ? part : part.join(""));

// A text with a line for a paragraph, for the place of a passage.
const tidy = (text) => text.replace(/\s*\n\s*\n\s*/g, "\u2029").replace(/\s+/g, (gap) => (gap.includes("\u2029") ? "\n" : " "));

const same = (text) => text;

// A stretch of a text, from character `from`, with what carried the match marked, or what the query has too.
export function Marked({ text, from = 0, words, asked, tidied = same }) {
  return useMemo(() => {
    const parts = words ? byWeight(text, from, words) : byQuery(text, asked);
    return parts.map((part) => (typeof part === "string" ? tidied(part) : part));
  }, [text, from, words, asked, tidied]);
}

function byQuery(text, asked) {
  if (!asked?.size) return [text];
  const parts = [""];
  for (const part of pieces(text)) {
    if (asked.has(part.word)) parts.push(html`<mark>${part.text}</mark>`, "");
    else parts[parts.length - 1] += part.text;
  }
  return parts;
}

function byWeight(whole, from, words) {
  const found = [];
  const text = characters(whole);
  const heaviest = Math.max(...words.map((word) => word.weight), 0.01);
  let at = 0;
  for (const { start, stop, weight, is_in_query: isAsked } of words) {
    const [begin, end] = [start - from, stop - from];
    if (begin < at || end > text.length || (weight <= 0 && !isAsked)) continue;
    found.push(written(text.slice(at, begin)), html`<mark class=${`carried ${isAsked ? "shared" : ""}`}
      style=${{ "--weight": Math.max(0, weight) / heaviest }}>${written(text.slice(begin, end))}</mark>`);
    at = end;
  }
  return [...found, written(text.slice(at))];
}

// What stands just before and after a passage, cut between words.
const tail = (text) => (text.length > AROUND ? `… ${tidy(text.slice(-AROUND).replace(/^\S*\s+/, ""))}` : tidy(text));
const head = (text) => (text.length > AROUND ? `${tidy(text.slice(0, AROUND).replace(/\s+\S*$/, ""))} …` : tidy(text));

function sliced(whole, start, stop) {
  const text = characters(whole);
  return [text.slice(0, start), text.slice(start, stop), text.slice(stop)].map(written);
}

// Where to look in a long text that was found by its words: characters as Python counts them.
export function usePlace({ text, passage }, query) {
  return useMemo(() => {
    if (passage || !query || text.length < LONG) return passage ?? null;
    const found = densest(text, contentWords(query));
    const counted = (end) => (typeof characters(text) === "string" ? end : Array.from(text.slice(0, end)).length);
    return found && { start: counted(found.start), stop: counted(found.stop), isSnippet: true };
  }, [text, passage, query]);
}

// The best passage of a long text in its surroundings, or in the whole.
export function InPlace({ hit, place, query }) {
  const [whole, setWhole] = useState(false);
  const box = useRef();
  const asked = useMemo(() => contentWords(query ?? ""), [query]);
  const { start, stop } = place;
  const [before, passage, after] = useMemo(() => sliced(hit.text, start, stop), [hit.text, start, stop]);
  useEffect(() => {
    const inside = box.current.querySelector(".passage");
    if (whole) box.current.scrollTop = inside.offsetTop - box.current.offsetTop - 64;
  }, [whole]);
  const isAll = !before.trim() && !after.trim();
  return html`
    <div ref=${box} class=${`told placed ${whole ? "whole" : ""}`} tabindex=${whole ? 0 : null}>
      ${whole ? before : tail(before)}<span
        class=${`passage ${place.isSnippet ? "plain" : ""}`}><${Marked} text=${passage} from=${start} words=${hit.words} asked=${asked} tidied=${whole ? undefined : tidy} /></span>${whole ? after : head(after)}
    </div>
    ${!isAll && html`<button type="button" class="more" aria-expanded=${String(whole)} onClick=${() => setWhole(!whole)}>
      ${whole ? "show the passage alone" : `show the whole text, ${count(hit.text.length)} characters`}</button>`}`;
}

// A long text shows its first lines, and a button for the rest.
function Clamped({ children }) {
  const box = useRef();
  const [open, setOpen] = useState(false);
  const [cut, setCut] = useState(false);
  useEffect(() => {
    if (open) return undefined;
    const observer = new ResizeObserver(([{ target }]) => setCut(target.scrollHeight > target.clientHeight + 1));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [open]);
  return html`
    <p ref=${box} class=${`told ${open ? "" : "short"}`}>${children}</p>
    ${(cut || open) && html`<button type="button" class="more" aria-expanded=${open}
      onClick=${() => setOpen(!open)}>${open ? "less" : "more"}</button>`}`;
}

// A text with the words it shares with the query marked, and a line when there is none; with `words`,
// those that carried the match.
export function Told({ text, query, words, tellsNone = true }) {
  const asked = useMemo(() => contentWords(query ?? ""), [query]);
  const shares = useMemo(() => !asked.size || pieces(text).some((part) => asked.has(part.word)), [text, asked]);
  return html`
    <${Clamped}><${Marked} ...${{ text, words, asked }} /><//>
    ${tellsNone && !shares && html`<p class="aha">no word in common with what you asked</p>`}`;
}
