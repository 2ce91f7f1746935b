/* Signs on a canvas, because there may be a hundred thousand, and the same signs in the legend. Plain ES2019. */
function canvasSigns(elements, ringColor) {
  'use strict';

  const {makeSvg} = elements;
  const corners = {
    triangle: [[0, -1.25], [1.15, 0.85], [-1.15, 0.85]],
    square: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
    diamond: [[0, -1.35], [1.35, 0], [0, 1.35], [-1.35, 0]],
  };

  function trace(pen, shape, x, y, radius) {
    if (shape === 'circle') {
      pen.moveTo(x + radius, y);
      pen.arc(x, y, radius, 0, 2 * Math.PI);
      return;
    }
    corners[shape].forEach(([right, down], at) => {
      if (at) pen.lineTo(x + right * radius, y + down * radius);
      else pen.moveTo(x + right * radius, y + down * radius);
    });
    pen.closePath();
  }

  function stroke(pen, look, path) {
    pen.beginPath();
    path();
    Object.assign(pen, look);
    pen.stroke();
  }

  L.Canvas.include({
    _updateSign(layer) {
      if (!this._drawing || layer._empty()) return;
      const pen = this._ctx;
      const {x, y} = layer._point;
      const {shape, isOnFoot, glyph} = layer.options;
      pen.beginPath();
      trace(pen, shape, x, y, layer._radius);
      this._fillStroke(pen, layer);
      const arm = layer._radius * 0.55;
      if (glyph) {
        stroke(pen, {lineWidth: 1.8, strokeStyle: glyph}, () => {
          pen.moveTo(x - arm, y);
          pen.lineTo(x + arm, y);
          pen.moveTo(x, y - arm);
          pen.lineTo(x, y + arm);
        });
      }
      if (isOnFoot) stroke(pen, {lineWidth: 1, strokeStyle: ringColor}, () => pen.arc(x, y, layer._radius + 3.5, 0, 2 * Math.PI));
    },
  });
  const Sign = L.CircleMarker.extend({_updatePath() { this._renderer._updateSign(this); }});

  function legendMark({shape, radius, glyph, ...look}, isOnFoot) {
    const paint = {fill: look.fillColor, stroke: look.color, 'stroke-width': look.weight};
    const path = shape === 'circle'
      ? makeSvg('circle', {cx: 12, cy: 12, r: radius, ...paint})
      : makeSvg('polygon', {points: corners[shape].map(([x, y]) => `${12 + x * radius},${12 + y * radius}`).join(' '), ...paint});
    const box = makeSvg('svg', {width: 22, height: 22, viewBox: '0 0 24 24'}, path);
    const arm = radius * 0.55;
    const plus = `M${12 - arm} 12h${2 * arm}M12 ${12 - arm}v${2 * arm}`;
    if (glyph) box.append(makeSvg('path', {d: plus, stroke: glyph, 'stroke-width': 1.8}));
    if (isOnFoot) box.append(makeSvg('circle', {cx: 12, cy: 12, r: radius + 3.5, fill: 'none', stroke: ringColor, 'stroke-width': 1}));
    return box;
  }

  return {Sign, legendMark};
}
