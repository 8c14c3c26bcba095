(function () {
  var radios = document.querySelectorAll('input[name="report-language"]');
  function apply(code) {
    document.documentElement.lang = code;
    var page = document.querySelector('main[data-language="' + code + '"]');
    if (page) document.title = page.getAttribute('data-title');
  }
  function topSection(code) {
    var found = null;
    document.querySelectorAll('main[data-language="' + code + '"] section[id]').forEach(function (section) {
      if (section.getBoundingClientRect().top < 160) found = section;
    });
    return found;
  }
  function swap(id, to) { return id.replace(/-(fr|en)$/, '-' + to); }
  var current = document.documentElement.lang;
  radios.forEach(function (radio) {
    radio.addEventListener('change', function () {
      var section = topSectionBefore;
      apply(radio.value);
      var target = section && document.getElementById(swap(section.id, radio.value));
      if (target) window.scrollBy(0, target.getBoundingClientRect().top - offset);
      current = radio.value;
    });
  });
  var topSectionBefore = null, offset = 0;
  function remember() {
    topSectionBefore = topSection(current);
    offset = topSectionBefore ? topSectionBefore.getBoundingClientRect().top : 0;
  }
  document.addEventListener('pointerdown', remember, true);
  document.addEventListener('keydown', remember, true);
  var wanted = location.hash.match(/-(fr|en)$/);
  radios.forEach(function (radio) {
    if (wanted && radio.value === wanted[1]) radio.checked = true;
    if (radio.checked) { current = radio.value; apply(radio.value); }
  });
  if (wanted) {
    var target = document.getElementById(location.hash.slice(1));
    if (target) target.scrollIntoView();
  }
  var opened = [];
  window.addEventListener('beforeprint', function () {
    document.querySelectorAll('details.printed:not([open])').forEach(function (details) {
      details.open = true;
      opened.push(details);
    });
  });
  window.addEventListener('afterprint', function () {
    opened.forEach(function (details) { details.open = false; });
    opened = [];
  });
})();
