// Set the chosen theme before the first paint; without a choice the system's is followed.
const chosen = (() => {
  try {
    return localStorage.getItem("semsearch-theme");
  } catch {
    return null; // storage may be switched off
  }
})();
if (chosen) document.documentElement.dataset.theme = chosen;
