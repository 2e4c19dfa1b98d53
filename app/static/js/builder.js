// The builder: inputs follow the field's type, and the preview follows what is typed.
(function () {
  "use strict";
  var form = document.querySelector("[data-builder]");
  if (!form) return;
  var shown = document.querySelector("[data-builder-preview]"), waiting = null, asked = 0;

  function fit(select) {
    select.closest("details").querySelectorAll("[data-only]").forEach(function (item) {
      item.hidden = item.dataset.only.split(" ").indexOf(select.value) < 0;
    });
  }
  var types = form.querySelectorAll("select[name$='-type']");
  types.forEach(fit);

  function draw() {
    var number = ++asked;
    fetch(form.dataset.preview, { method: "POST", body: new FormData(form), headers: { Accept: "text/html" } }).then(function (answer) {
      return answer.ok ? answer.text() : "";
    }).then(function (html) {
      if (html && number === asked) shown.innerHTML = html;
    }).catch(function () { /* the preview waits for the next change */ });
  }
  form.addEventListener("input", function (event) {
    if (/-type$/.test(event.target.name || "")) fit(event.target);
    clearTimeout(waiting);
    waiting = setTimeout(draw, 600);
  });
})();
