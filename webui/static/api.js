// One function for each thing the server can do. Every failure is a Problem that says what to do.
import { useEffect, useState } from "./vendor/preact.js";

const BASE = "/api/v1";
const token = document.querySelector('meta[name="semsearch-token"]')?.content ?? "";

export class Problem extends Error {
  constructor({ code, message, remedy, position }, status = 0) {
    super(message);
    this.code = code;
    this.remedy = remedy;
    this.position = position;
    this.status = status;
  }
}

const SILENCE = {
  code: "no-answer",
  message: "The server does not answer.",
  remedy: "look whether semsearch serve is still running, then try again",
};

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(BASE + path, {
      ...options,
      headers: { "X-Semsearch-Token": token, ...options.headers },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(SILENCE);
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok && body) return body;
  throw new Problem(body?.error ?? { ...SILENCE, message: answer.statusText }, answer.status);
}

const post = (path, body, signal) =>
  ask(path, {
    method: "POST",
    signal,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

const at = (name, rest = "") => `/collections/${encodeURIComponent(name)}${rest}`;
const query = (params) => `?${new URLSearchParams(params)}`;

export const api = {
  collections: (signal) => ask("/collections", { signal }),
  info: (name, signal) => ask(at(name), { signal }),
  search: (name, wanted, signal) => post(at(name, "/search"), wanted, signal),
  searchByImage(name, { image, k, where, ...options }, signal) {
    const form = new FormData();
    form.set("image", image, "picture");
    form.set("k", k);
    if (where) form.set("where", where);
    form.set("options", JSON.stringify(options));
    return ask(at(name, "/search"), { method: "POST", body: form, signal });
  },
  item: (name, key, signal) => ask(at(name, "/items") + query({ key }), { signal }),
  sample: (name, n, signal) => ask(at(name, "/sample") + query({ n }), { signal }),
  thumbnail: (name, key, size = 256) => BASE + at(name, "/thumbnails") + query({ key, size }),
  facets: (name, wanted, signal) => ask(at(name, "/facets") + query(wanted), { signal }),
  judgements: (name, wanted, signal) => ask(at(name, "/judgements") + query({ query: wanted }), { signal }),
  judge: (name, said) => post(at(name, "/judgements"), said),
  duplicates: (name, wanted, signal) => ask(at(name, "/duplicates") + query(wanted), { signal }),
  clusters: (name, signal) => ask(at(name, "/clusters"), { signal }),
  makeClusters: (name, n) => post(at(name, "/clusters"), { n_clusters: n }),
  members: (name, id, offset, limit, signal) =>
    ask(at(name, `/clusters/${id}`) + query({ offset, limit }), { signal }),
  map: (name, signal) => ask(at(name, "/map"), { signal }),
  classifiers: (name, signal) => ask(at(name, "/classifiers"), { signal }),
  train: (name, wanted) => post(at(name, "/classifiers"), wanted),
  predict: (name, classifier, wanted, signal) =>
    post(at(name, `/classifiers/${encodeURIComponent(classifier)}/predict`), wanted, signal),
};

// Load when `inputs` change. The last answer stays visible while the next one is on its way; an
// answer to an older question is thrown away.
export function useAnswer(load, inputs) {
  const [state, setState] = useState({ data: null, error: null, loading: true });
  useEffect(() => {
    const controller = new AbortController();
    setState((last) => ({ ...last, error: null, loading: true }));
    Promise.resolve(load(controller.signal)).then(
      (data) => controller.signal.aborted || setState({ data, error: null, loading: false }),
      (error) => controller.signal.aborted || setState({ data: null, error, loading: false }),
    );
    return () => controller.abort();
  }, inputs);
  return state;
}
