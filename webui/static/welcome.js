// What stands on the search page before anything was asked: somewhere to begin.
import { html } from "./vendor/preact.js";
import { api, useAnswer } from "./api.js";
import { Cards } from "./cards.js";
import { Loading, NothingHere, Problem, noun } from "./parts.js";

// Questions for the sample collection; any other collection offers its own short texts.
const QUESTIONS = {
  reviews: [
    "the acoustics are superb",
    "delicious dinner and kind staff",
    "I was kept waiting for ages",
    "die Kopfhörer klingen wunderbar",
  ],
};

const shortest = (items) =>
  items.map((item) => item.text).filter((text) => text && text.length < 70).slice(0, 4);

export function Welcome({ info, go, onSimilar }) {
  const pictures = info.modality === "image";
  const { data, error } = useAnswer((signal) => api.sample(info.name, pictures ? 40 : 30, signal), [info.name]);
  if (!info.rows) return html`<${NothingHere} info=${info} />`;
  if (error) return html`<${Problem} error=${error} />`;
  if (!data) return html`<${Loading} what="Looking inside" />`;
  const questions = pictures ? [] : (QUESTIONS[info.name] ?? shortest(data.hits));
  const items = pictures ? data.hits : data.hits.filter((hit) => hit.text.length > 40).slice(0, 5);
  return html`
    <section class="welcome">
      ${questions.length > 0 && html`
        <h2>Try</h2>
        <ul class="questions">${questions.map((text) => html`
          <li key=${text}><button type="button" onClick=${() => go({ q: text })}>${text}</button></li>`)}</ul>`}
      <h2>${pictures ? "Or start from one of these" : "Or start from something here"}</h2>
      <${Cards} info=${info} items=${items.length ? items : data.hits.slice(0, 5)} onSimilar=${onSimilar} />
      <p class="about">${noun(info.modality, info.rows)}, encoded by ${info.module?.name ?? "your own vectors"}.
        What you type stays on this machine.</p>
    </section>`;
}
