// The bars of a summary page. The table beside it says the same; a bar opens its rows like a number of the table.
(function () {
  "use strict";
  var place = document.getElementById("chart"), data = JSON.parse(document.getElementById("chart-data").textContent);
  var style = getComputedStyle(document.documentElement), ink = style.getPropertyValue("--tblr-body-color").trim();
  var colours = ["#1f5faa", "#d98a1f", "#0b8a6a", "#8a5fb0", "#6b7885", "#b8476b"];
  place.style.height = Math.max(220, 60 + data.bars.length * (data.series.length > 1 ? 16 + 12 * data.series.length : 28)) + "px";
  var chart = window.echarts.init(place, null, { renderer: "canvas" });
  chart.setOption({
    animation: false,
    color: colours,
    textStyle: { fontFamily: style.getPropertyValue("--tblr-font-sans-serif") },
    grid: { left: 8, right: data.series.length > 1 ? 120 : 56, top: 8, bottom: 24, containLabel: true },
    xAxis: { type: "value", minInterval: data.whole ? 1 : 0, name: data.label, nameLocation: "middle", nameGap: 24, axisLabel: { color: ink }, nameTextStyle: { color: ink }, splitLine: { lineStyle: { opacity: 0.3 } } },
    yAxis: { type: "category", inverse: true, data: data.bars, axisLabel: { color: ink, width: 180, overflow: "truncate" } },
    series: data.series.map(function (one) {
      return { name: one.name, type: "bar", data: one.values, barMaxWidth: 18, label: { show: true, position: "right", color: ink, formatter: data.series.length > 1 ? "{a} {c}" : "{c}" } };
    })
  });
  chart.on("click", function (event) {
    var url = data.series[event.seriesIndex].urls[event.dataIndex];
    if (url) window.location.assign(url);
  });
  window.addEventListener("resize", function () { chart.resize(); });
})();
