// The whole view stands in the address: /c/COLLECTION/VIEW?what=... Reload, back and links work.
import { useCallback, useEffect, useState } from "./vendor/preact.js";

export const VIEWS = ["search", "clusters", "map", "classes", "duplicates"];

const LISTS = ["plus", "minus"]; // what may stand in an address several times

export function readAddress(location = window.location) {
  const [, c, name, view] = location.pathname.split("/");
  const query = new URLSearchParams(location.search);
  const params = Object.fromEntries(query);
  for (const list of LISTS) if (query.has(list)) params[list] = query.getAll(list);
  if (c !== "c" || !name) return { name: "", view: "search", params };
  return { name: decodeURIComponent(name), view: VIEWS.includes(view) ? view : "search", params };
}

export function addressOf(name, view, params = {}) {
  const kept = Object.entries(params).flatMap(([key, value]) => [value].flat().map((each) => [key, each]))
    .filter(([, value]) => value !== "" && value != null);
  const query = new URLSearchParams(kept.map(([key, value]) => [key, String(value)])).toString();
  return `/c/${encodeURIComponent(name)}/${view}${query ? `?${query}` : ""}`;
}

export function useAddress() {
  const [address, setAddress] = useState(readAddress);
  useEffect(() => {
    const read = () => setAddress(readAddress());
    window.addEventListener("popstate", read);
    return () => window.removeEventListener("popstate", read);
  }, []);
  const open = useCallback((href, { replace = false } = {}) => {
    history[replace ? "replaceState" : "pushState"](null, "", href);
    setAddress(readAddress());
    if (!replace) window.scrollTo(0, 0);
  }, []);
  return [address, open];
}

// Open an address from anywhere in a view.
export function visit(href) {
  history.pushState(null, "", href);
  window.dispatchEvent(new PopStateEvent("popstate"));
  window.scrollTo(0, 0);
}

export const visitSimilar = (info, item) => visit(addressOf(info.name, "search", { like: item.key }));

// Let plain clicks on our own links change the view without loading the document again.
export function followLinks(open) {
  return (event) => {
    const link = event.target.closest?.("a[href]");
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (!link || !plain || event.defaultPrevented || link.target || link.origin !== location.origin)
      return;
    if (!link.pathname.startsWith("/c/") || link.hash) return;
    event.preventDefault();
    open(link.pathname + link.search);
  };
}
