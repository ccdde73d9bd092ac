// Keyboard use: / searches, j and k walk the cards, s finds similar ones, ? tells all of it.
import { useEffect } from "./vendor/preact.js";

export const KEYS = [
  ["/", "type a query"],
  ["j or ↓", "next result"],
  ["k or ↑", "previous result"],
  ["s or Enter", "find items similar to the chosen one"],
  ["+ or −", "more or less like the chosen one"],
  ["w", "why it was found"],
  ["u or d", "thumb up or down"],
  ["Esc", "leave the box"],
  ["1 2 3 4 5", "search, clusters, map, classes, duplicates"],
  ["?", "this list"],
];

const STEPS = { j: 1, ArrowDown: 1, ArrowRight: 1, k: -1, ArrowUp: -1, ArrowLeft: -1 };

function step(by) {
  const cards = [...document.querySelectorAll("[data-card]")];
  if (!cards.length) return false;
  const here = cards.indexOf(document.activeElement?.closest("[data-card]"));
  if (here === -1 && by < 0) return false;
  const next = cards[Math.max(0, Math.min(cards.length - 1, here + by))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

// Press what stands on the chosen card.
function press(what) {
  const card = document.activeElement?.closest("[data-card]");
  const button = card?.querySelector(`[data-${what}]`);
  button?.click();
  return Boolean(button);
}

const PRESSED = { s: "similar", "+": "plus", "=": "plus", "-": "minus", w: "why", u: "up", d: "down" };

function focusSearch() {
  const box = document.querySelector("[data-search]");
  box?.focus();
  box?.select?.();
  return Boolean(box);
}

function act(event, { showHelp, openView }) {
  if (event.key === "/") return focusSearch();
  if (event.key === "?") return showHelp() ?? true;
  if (event.key in PRESSED) return press(PRESSED[event.key]);
  if (event.key === "Enter" && document.activeElement?.matches("[data-card]")) return press("similar");
  if (/^[1-5]$/.test(event.key)) return openView(Number(event.key) - 1) ?? true;
  if (event.target.closest?.(".whole") && event.key.startsWith("Arrow")) return false; // it scrolls
  const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
  if (sideways && !document.activeElement?.closest(".tiles")) return false;
  return event.key in STEPS && step(STEPS[event.key]);
}

export function useKeys(handlers) {
  useEffect(() => {
    const onKey = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (document.querySelector("dialog[open]")) return;
      const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
      if (typing && event.key === "Escape") typing.blur();
      if (!typing && act(event, handlers)) event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [handlers]);
}
