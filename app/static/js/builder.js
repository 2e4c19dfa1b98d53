// The builder: the preview follows what is typed.
(function () {
  "use strict";
  var form = document.querySelector("[data-builder]");
  if (form) {
    var shown = document.querySelector("[data-builder-preview]"), waiting = null, asked = 0;
    var draw = function () {
      var number = ++asked;
      fetch(form.dataset.preview, { method: "POST", body: new FormData(form), headers: { Accept: "text/html" } }).then(function (answer) {
        return answer.ok ? answer.text() : "";
      }).then(function (html) {
        if (html && number === asked) shown.innerHTML = html;
      });
    };
    form.addEventListener("input", function () {
      clearTimeout(waiting);
      waiting = setTimeout(draw, 600);
    });
  }
})();
