/* Forms taken back: how far the check is, and the sentence for those who are missing copied. */
(function () {
  "use strict";
  var box = document.querySelector("[data-watch]"), failed = 0;
  function look() {
    fetch(box.dataset.watch, { credentials: "same-origin", headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" } }).then(function (answer) {
      // A login that ran out shows its page.
      if (answer.status === 401 || answer.status === 404) { window.location.reload(); return null; }
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    }).then(function (found) {
      if (!found) return;
      failed = 0;
      if (found.state !== box.dataset.state) { window.location.reload(); return; }
      box.querySelector("[data-words]").textContent = found.words;
      var bar = box.querySelector("[data-bar]");
      if (found.percent === null) bar.removeAttribute("value"); else { bar.max = 100; bar.value = found.percent; }
      setTimeout(look, 800);
    }).catch(function () { failed += 1; setTimeout(look, Math.min(15000, 1000 * failed)); });
  }
  if (box) setTimeout(look, 300);

  document.querySelectorAll("[data-copy]").forEach(function (button) {
    button.addEventListener("click", function () {
      var text = document.getElementById(button.dataset.copy), said = button.parentElement.querySelector("[data-copied]");
      text.focus(); text.select();
      // Without HTTPS there is no clipboard to write to; what is selected can still be copied.
      if (document.execCommand("copy")) said.textContent = said.dataset.copied;
    });
  });
})();
