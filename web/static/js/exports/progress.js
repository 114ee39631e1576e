/** How far a spreadsheet is; the page is loaded anew when it is there, or will not come. */

/** Between two looks, in milliseconds. */
const LOOK_MS = 1500;
const BUSY = new Set(["waiting", "working"]);

/** @param {HTMLElement} root */
function mount(root) {
  const bar = root.querySelector("progress");
  const look = async () => {
    try {
      const answer = await fetch(root.dataset.export ?? "");
      /** @type {{ state: string, share: number }} */
      const status = await answer.json();
      if (!BUSY.has(status.state)) {
        location.reload();
        return;
      }
      if (bar) bar.value = status.share;
    } catch {
      // The next look may find the server again.
    }
    setTimeout(look, LOOK_MS);
  };
  void look();
}

for (const root of document.querySelectorAll("[data-export]")) mount(/** @type {HTMLElement} */ (root));
