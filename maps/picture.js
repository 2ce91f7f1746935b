/* Draws a picture of a scene on a canvas (ground, areas, roads, signs, names), and tells what lies under a point.
   Nothing here knows what a number means. Plain ES2019. */
function scenePainter(scene) {
  'use strict';

  const {chrome} = scene.style;
  const ZOOM = 12; // the world is measured in pixels of this zoom, from the middle of the city: small numbers stay exact
  const SIZE = 256 * 2 ** ZOOM;
  const MANY = 5000; // more points than this are drawn as cells
  const CELL = 12;

  function mercator(lon, lat) {
    const sine = Math.sin((lat / 1e5) * (Math.PI / 180));
    return [(lon / 36e6 + 0.5) * SIZE, (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * SIZE];
  }

  const [west, south, east, north] = scene.ground.bounds;
  const middle = mercator((west + east) / 2, (south + north) / 2);

  /** [lon, lat] in 1e-5 degrees → the world's coordinates. */
  function world(lon, lat) {
    const [x, y] = mercator(lon, lat);
    return [x - middle[0], y - middle[1]];
  }

  /** The world's coordinates → [lon, lat] in degrees. */
  function degrees(x, y) {
    const turned = Math.PI * (1 - (2 * (y + middle[1])) / SIZE);
    return [((x + middle[0]) / SIZE - 0.5) * 360, (Math.atan(Math.sinh(turned)) * 180) / Math.PI];
  }

  /* ---- frames: which part of the world a canvas shows ---- */

  /** The frame of so many pixels around a place, at a zoom of the map. */
  function frameAt(lon, lat, zoom, width, height) {
    const scale = 2 ** (zoom - ZOOM);
    const [x, y] = world(lon * 1e5, lat * 1e5);
    return {scale, left: x - width / 2 / scale, top: y - height / 2 / scale, width, height};
  }

  /** The frame in which bounds (1e-5 degrees) just fit. */
  function frameOf([w, s, e, n], width, height, pad = 10) {
    const [[left, top], [right, bottom]] = [world(w, n), world(e, s)];
    const scale = Math.min((width - 2 * pad) / Math.max(right - left, 1e-6), (height - 2 * pad) / Math.max(bottom - top, 1e-6));
    return {scale, left: (left + right) / 2 - width / 2 / scale, top: (top + bottom) / 2 - height / 2 / scale, width, height};
  }

  const pixel = (frame, x, y) => [(x - frame.left) * frame.scale, (y - frame.top) * frame.scale];

  /* ---- paths, made once ---- */

  function trace(path, steps, isClosed) {
    let [lon, lat] = [0, 0];
    for (let at = 0; at < steps.length; at += 2) {
      lon += steps[at];
      lat += steps[at + 1];
      const [x, y] = world(lon, lat);
      if (at) path.lineTo(x, y);
      else path.moveTo(x, y);
    }
    if (isClosed) path.closePath();
    return path;
  }

  const pathOf = (lines, isClosed = false) => lines.reduce((path, steps) => trace(path, steps, isClosed), new Path2D());
  const areaOf = (polygons) => pathOf(polygons.flat(), true);
  const kept = new WeakMap();

  /** What is made of an object once and kept as long as it lives. */
  function once(key, make) {
    if (!kept.has(key)) kept.set(key, make());
    return kept.get(key);
  }

  const {towns, counties} = scene.ground;
  const townPaths = towns.outline.map(areaOf);
  const countyPaths = counties.outline.map(areaOf);
  const roads = scene.roads || {};
  const roadPaths = ['minor', 'major', 'closed'].filter((name) => (roads[name] || []).length)
    .map((name) => [name, pathOf(roads[name])]);
  const outlinePaths = new Map();
  const outline = (text) => outlinePaths.get(text) || outlinePaths.set(text, new Path2D(text)).get(text);

  /** The places of a layer in the world. */
  const spots = (places) => once(places, () => {
    const count = places.at.lon.length;
    const found = {x: new Float64Array(count), y: new Float64Array(count)};
    for (let at = 0; at < count; at += 1) [found.x[at], found.y[at]] = world(places.at.lon[at], places.at.lat[at]);
    return found;
  });

  const rowsOf = (layer, content) => content.rows || once(content, () => scene.places[layer.places].name.map((_, at) => at));

  /* ---- the ground ---- */

  function hatch(pen, frame, ratio) {
    const tile = once(hatch, () => {
      const box = Object.assign(document.createElement('canvas'), {width: 12, height: 12});
      const ink = box.getContext('2d');
      ink.fillStyle = chrome.land;
      ink.fillRect(0, 0, 12, 12);
      Object.assign(ink, {strokeStyle: chrome['no-data'], lineWidth: 1.6});
      [-12, 0, 12].forEach((x) => { ink.beginPath(); ink.moveTo(x, 12); ink.lineTo(x + 12, 0); ink.stroke(); });
      return box;
    });
    const pattern = pen.createPattern(tile, 'repeat');
    pattern.setTransform(new DOMMatrix().scale(1 / (frame.scale * ratio), 1 / (frame.scale * ratio)));
    return pattern;
  }

  function strokeWith(pen, frame, path, {color, weight, dash, opacity = 1}) {
    const dashes = dash ? dash.split(' ').map((one) => Number(one) / frame.scale) : [];
    Object.assign(pen, {strokeStyle: color, lineWidth: weight / frame.scale, globalAlpha: opacity, lineJoin: 'round'});
    pen.setLineDash(dashes);
    pen.stroke(path);
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  function drawTowns(pen, frame, picture, ratio) {
    townPaths.forEach((path, at) => {
      const paint = scene.fills[picture.fills[at]];
      pen.fillStyle = paint === 'hatch' ? hatch(pen, frame, ratio) : paint || chrome.land;
      pen.fill(path, 'evenodd');
    });
  }

  /** Areas: what they cover is first made land again where they mask, so that no two colours mix. */
  function drawAreas(pen, frame, layer, content) {
    const path = once(content.areas, () => areaOf(content.areas));
    const {fill, fill_opacity: opacity = 1, mask} = layer.stroke;
    if (layer.stroke.color) strokeWith(pen, frame, path, layer.stroke); // below the fill: of circles that meet only the rim of all is seen
    if (mask) {
      pen.save();
      pen.clip(once(townPaths, () => townPaths.reduce((all, one) => { all.addPath(one); return all; }, new Path2D())), 'evenodd');
      pen.fillStyle = chrome.land;
      pen.fill(path, 'nonzero');
      pen.restore();
    }
    Object.assign(pen, {fillStyle: fill || 'transparent', globalAlpha: opacity});
    pen.fill(path, 'nonzero');
    pen.globalAlpha = 1;
  }

  const ROADS = {minor: {color: chrome['road-minor'], weight: 0.8}, major: {color: chrome['road-major'], weight: 1.5},
    closed: {color: chrome.closed, weight: 2.2, dash: '7 4'}};

  function drawRoads(pen, frame, shown) {
    roadPaths.filter(([name]) => shown.has(name === 'closed' ? 'closed' : 'roads'))
      .forEach(([name, path]) => strokeWith(pen, frame, path, ROADS[name]));
  }

  function drawLines(pen, frame, picture, shown) {
    townPaths.forEach((path) => strokeWith(pen, frame, path, {color: chrome['town-line'], weight: 0.8}));
    countyPaths.forEach((path) => strokeWith(pen, frame, path, {color: chrome['county-line'], weight: 1.6}));
    Object.entries(picture.edges || {}).forEach(([at, look]) => {
      strokeWith(pen, frame, townPaths[at], {color: chrome.paper, weight: 6});
      strokeWith(pen, frame, townPaths[at], scene.style.edges[look]);
    });
    if (shown.town >= 0) {
      strokeWith(pen, frame, townPaths[shown.town], {color: chrome.paper, weight: 5});
      strokeWith(pen, frame, townPaths[shown.town], {color: chrome.ink, weight: 1.8});
    }
  }

  const linkPath = (content) => once(content, () => content.ends.reduce((path, [a, b, c, d]) => {
    path.moveTo(...world(a, b));
    path.lineTo(...world(c, d));
    return path;
  }, new Path2D()));

  const linePaths = (content) => once(content, () => content.lines.map((line) => pathOf([line])));

  /* ---- signs ---- */

  /** A sign around (x, y), so many pixels wide. */
  function drawMark(pen, mark, x, y, size, paint) {
    const k = size / 24;
    pen.save();
    pen.translate(x - size / 2, y - size / 2);
    pen.scale(k, k);
    const path = outline(mark.outline);
    const fill = paint || mark.fill;
    pen.globalAlpha = mark.opacity || 1;
    if (fill) {
      pen.fillStyle = fill;
      pen.fill(path);
    }
    pen.globalAlpha = 1;
    if (mark.line) {
      Object.assign(pen, {strokeStyle: mark.line, lineWidth: (mark.weight || 1.4) / k});
      if (mark.dash) pen.setLineDash(mark.dash.split(' ').map((one) => Number(one) / k));
      pen.stroke(path);
      pen.setLineDash([]);
    }
    if (mark.glyph && size >= 9) {
      Object.assign(pen, {strokeStyle: mark.pen, lineWidth: 2.4, lineCap: 'round'});
      pen.stroke(outline(mark.glyph));
    }
    pen.restore();
  }

  const markOf = (layer, content, at) => layer.marks[content.mark ? content.mark[at] : 0];

  /** The points of a layer inside a frame: [place in the content, x, y, size]. */
  function inFrame(layer, content, frame, grow) {
    const {x, y} = spots(scene.places[layer.places]);
    const rows = rowsOf(layer, content);
    const found = [];
    for (let at = 0; at < rows.length; at += 1) {
      const px = (x[rows[at]] - frame.left) * frame.scale;
      const py = (y[rows[at]] - frame.top) * frame.scale;
      if (px > -20 && py > -20 && px < frame.width + 20 && py < frame.height + 20) {
        const size = content.size ? content.size[at] * (layer.grows ? grow : 1) : markOf(layer, content, at).size * grow;
        found.push([at, px, py, size]);
      }
    }
    return found;
  }

  function drawCells(pen, found, layer) {
    const cells = new Map();
    found.forEach(([, x, y]) => {
      const key = `${Math.floor(x / CELL)},${Math.floor(y / CELL)}`;
      cells.set(key, (cells.get(key) || 0) + 1);
    });
    const most = Math.max(...cells.values());
    const [pale, dark] = scene.style.cells[layer.group === 'gap' ? 'gap' : 'quiet'];
    cells.forEach((count, key) => {
      const [column, row] = key.split(',').map(Number);
      pen.globalAlpha = 0.25 + 0.75 * Math.sqrt(count / most);
      pen.fillStyle = count > most / 4 ? dark : pale;
      pen.fillRect(column * CELL, row * CELL, CELL - 1, CELL - 1);
    });
    pen.globalAlpha = 1;
  }

  /** Signs that would lie on another step aside, to the right; those drawn later give way. */
  function stepAside(found, taken) {
    found.forEach((one) => {
      const [, , y, size] = one;
      for (let tries = 0; tries < 8; tries += 1) {
        const other = taken.find(([ox, oy, os]) => Math.hypot(ox - one[1], oy - y) < 0.45 * (os + size));
        if (!other) break;
        one[1] = other[0] + (other[2] + size) / 2;
      }
      taken.push([one[1], y, size]);
    });
  }

  /** What is drawn of the points of every layer, from the ground up: [layer, content, its points]. */
  function pointsOf(frame, picture, shown, grow) {
    const layers = scene.layers.filter((layer) => layer.kind === 'points' && shown.has(layer.key));
    const drawn = layers.map((layer) => [layer, contentOf(picture, layer)]).filter(([, content]) => content)
      .map(([layer, content]) => [layer, content, inFrame(layer, content, frame, grow)]);
    const taken = [];
    [...drawn].reverse().filter(([layer, , found]) => layer.apart && found.length <= 1500)
      .forEach(([, , found]) => stepAside(found, taken));
    return drawn;
  }

  const contentOf = (picture, layer) => (picture.contents || {})[layer.key] || (scene.always || {})[layer.key];

  function drawPoints(pen, frame, drawn, shown) {
    drawn.forEach(([layer, content, found]) => {
      if (found.length > MANY) {
        drawCells(pen, found, layer);
        return;
      }
      found.forEach(([at, x, y, size]) =>
        drawMark(pen, markOf(layer, content, at), x, y, size, content.paint && scene.fills[content.paint[at]]));
    });
    if (!shown.spot) return;
    const [x, y] = pixel(frame, ...world(...shown.spot));
    [[5, chrome.paper], [2, chrome.ink]].forEach(([width, color]) => {
      pen.beginPath();
      pen.arc(x, y, 14, 0, 2 * Math.PI);
      Object.assign(pen, {lineWidth: width, strokeStyle: color});
      pen.stroke();
    });
  }

  /* ---- all of it ---- */

  /** Draw a picture. `shown` holds the keys of the layers, with `town` and `spot` that are chosen; returns the names that it wrote. */
  function paint(pen, frame, picture, shown, {ratio = 1, grow = 1, names = null, room = [], span = [0, frame.width]} = {}) {
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = chrome.ground;
    pen.fillRect(0, 0, frame.width, frame.height);
    const k = frame.scale * ratio;
    pen.setTransform(k, 0, 0, k, -frame.left * k, -frame.top * k);
    drawTowns(pen, frame, picture, ratio);
    const inWorld = (kind, draw) => scene.layers.filter((layer) => layer.kind === kind && shown.has(layer.key)).forEach((layer) => {
      const content = contentOf(picture, layer);
      if (content) draw(layer, content);
    });
    inWorld('areas', (layer, content) => content.areas && drawAreas(pen, frame, layer, content));
    drawRoads(pen, frame, shown);
    drawLines(pen, frame, picture, shown);
    inWorld('links', (layer, content) => content.ends && strokeWith(pen, frame, linkPath(content), layer.stroke));
    inWorld('lines', (layer, content) => (content.lines || []).length
      && linePaths(content).forEach((path) => strokeWith(pen, frame, path, layer.stroke)));
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const drawn = pointsOf(frame, picture, shown, grow);
    drawPoints(pen, frame, drawn, shown);
    if (shown.has('closed')) drawCrosses(pen, frame);
    const written = names || labels.place(pen, frame, picture, shown, drawn, room, span);
    labels.write(pen, frame, written);
    return {names: written, drawn};
  }

  function drawCrosses(pen, frame) {
    (roads.crosses || []).forEach((at) => {
      const [x, y] = pixel(frame, ...world(...at));
      pen.beginPath();
      [[-4, -4, 4, 4], [4, -4, -4, 4]].forEach(([a, b, c, d]) => { pen.moveTo(x + a, y + b); pen.lineTo(x + c, y + d); });
      Object.assign(pen, {lineWidth: 2, strokeStyle: chrome.closed});
      pen.stroke();
    });
  }

  /* ---- what lies under a point ---- */

  const probe = document.createElement('canvas').getContext('2d');

  /** The point of a drawn layer that is nearest to (x, y), if it is under it; the last drawn first. */
  function pointAt(drawn, x, y) {
    return [...drawn].reverse().reduce((found, [layer, content, points]) => {
      if (found || points.length > MANY) return found;
      let best = null;
      points.forEach(([at, px, py, size]) => {
        const far = Math.hypot(px - x, py - y);
        if (far <= Math.max(size / 2 + 2, 7) && (!best || far < best.far)) best = {far, layer, content, at, row: rowsOf(layer, content)[at]};
      });
      return best;
    }, null);
  }

  function lineAt(frame, picture, shown, x, y) {
    const layers = scene.layers.filter((layer) => layer.kind === 'lines' && shown.has(layer.key));
    probe.lineWidth = 9 / frame.scale;
    const [wx, wy] = [frame.left + x / frame.scale, frame.top + y / frame.scale];
    return layers.reduce((found, layer) => {
      const content = contentOf(picture, layer);
      if (found || !content || !content.facts) return found;
      const at = linePaths(content).findIndex((path) => probe.isPointInStroke(path, wx, wy));
      return at < 0 ? null : {layer, content, at, row: -1};
    }, null);
  }

  function townAt(frame, x, y) {
    const [wx, wy] = [frame.left + x / frame.scale, frame.top + y / frame.scale];
    return townPaths.findIndex((path) => probe.isPointInPath(path, wx, wy, 'evenodd'));
  }

  /** What is at (x, y): a point, a line, or a town; null outside. */
  function hit(frame, picture, shown, drawn, x, y) {
    const found = pointAt(drawn, x, y) || lineAt(frame, picture, shown, x, y);
    if (found) return found;
    const town = townAt(frame, x, y);
    return town < 0 ? null : {town};
  }

  const forget = (key) => kept.delete(key);

  const painter = {forget, world, degrees, pixel, frameAt, frameOf, paint, hit, rowsOf, contentOf, spots, markOf};
  const labels = sceneLabels(scene, painter);
  return painter;
}

/* Where names stand: clear of signs and of each other; the same view has them in the same places. Plain ES2019. */
function sceneLabels(scene, painter) {
  'use strict';

  const {chrome} = scene.style;
  const FAMILY = '"Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif';
  const near = (one, other) => one[0] ** 2 + (2 * one[1]) ** 2 - other[0] ** 2 - (2 * other[1]) ** 2;
  const around = [0, -12, 12, -24, 24, -36, 36].flatMap((dx) => [0, -7, 7, -14, 14, -21, 21].map((dy) => [dx, dy])).sort(near);
  const widths = new Map();

  function widthOf(pen, font, text) {
    const key = `${font}|${text}`;
    if (!widths.has(key)) {
      pen.font = font;
      widths.set(key, pen.measureText(text).width);
    }
    return widths.get(key);
  }

  /** By turns right, left, below, above, and at the corners of a sign. */
  function beside(wide, high, size) {
    const [dx, dy] = [wide / 2 + size / 2 + 3, high / 2 + size / 2 + 1];
    return [[dx, 0], [-dx, 0], [0, dy], [0, -dy], [dx * 0.8, -dy * 0.8], [dx * 0.8, dy * 0.8], [-dx * 0.8, -dy * 0.8], [-dx * 0.8, dy * 0.8]];
  }

  /** A settlement's name on the map: without the committee that it is called by. */
  const shortened = (name) => name.replace(/(.)(社区|村)?(居民委员会|村民委员会|居委会|村委会|社区|村)$/, '$1');

  /** The names of points that bear one: what stands beside each, in the order of the layers. */
  function ofPoints(drawn, closeness) {
    return [...drawn].reverse().flatMap(([layer, content, found]) => {
      const isNamed = layer.names === 'always' || (layer.names === 'near' && closeness >= 1.5);
      if (found.length > 400 || !(isNamed || content.label)) return [];
      const places = scene.places[layer.places];
      return found.map(([at, x, y, size]) => {
        const own = content.label ? content.label[at] : '';
        const name = isNamed ? shortened(places.name[painter.rowsOf(layer, content)[at]]) : '';
        const tone = {gap: chrome['gap-name'], gain: chrome['gain-name']}[layer.group] || chrome.ink;
        return {text: [name, own].filter(Boolean).join(' '), x, y, size, color: tone, weight: 600, px: 12, high: 16, isFirm: Boolean(own)};
      }).filter((one) => one.text);
    });
  }

  function ofGround(frame, picture, shown, closeness) {
    const {towns, counties} = scene.ground;
    const spot = (at) => painter.pixel(frame, ...painter.world(...at));
    const county = counties.name.map((text, at) => {
      const [x, y] = spot(counties.at[at]);
      return {text, x, y, color: chrome.label, weight: 700, px: 15, high: 20, spaced: 4, rank: 0};
    });
    const quiet = scene.fills.length - 1;
    const town = towns.name.map((text, at) => {
      const [x, y] = spot(towns.at[at]);
      const isOut = picture.fills[at] === quiet;
      const isGap = (scene.gaps || []).includes(picture.fills[at]);
      const look = {color: isOut ? chrome.outside : chrome.label, weight: isGap ? 700 : 400, px: closeness >= 1 ? 12.5 : 11.5, high: 15};
      return {text, x, y, ...look, rank: at === shown.town ? 1 : isGap ? 2 : isOut ? 4 : 3};
    });
    return [...(counties.name.length > 1 || towns.name.length < 2 ? county : []), ...town].sort((one, other) => one.rank - other.rank);
  }

  const apart = (one, other) => one[2] <= other[0] || other[2] <= one[0] || one[3] <= other[1] || other[3] <= one[1];

  /** Choose a place for each name, first come first served; what finds none is left out, unless it is firm. */
  function place(pen, frame, picture, shown, drawn, room, [from, to]) {
    const closeness = Math.log2(frame.scale / painter.frameOf(scene.ground.bounds, frame.width, frame.height).scale);
    const signs = drawn.filter(([, , found]) => found.length <= 1500)
      .flatMap(([, , found]) => found.filter(([, , , size]) => size >= 7).map(([, x, y, size]) => [x - size / 2, y - size / 2, x + size / 2, y + size / 2]));
    const taken = [...room];
    const inside = ([left, top, right, bottom]) => left >= from && top >= 0 && right <= to && bottom <= frame.height;
    const all = [...ofPoints(drawn, closeness), ...ofGround(frame, picture, shown, closeness)];
    return all.filter(({x, y}) => x > from && y > 0 && x < to && y < frame.height).map((one) => {
      const font = `${one.weight} ${one.px}px ${FAMILY}`;
      const wide = widthOf(pen, font, one.text) + (one.spaced || 0) * one.text.length + 4;
      const boxOf = ([dx, dy]) => [one.x + dx - wide / 2, one.y + dy - one.high / 2, one.x + dx + wide / 2, one.y + dy + one.high / 2];
      const choices = one.size === undefined ? around : beside(wide, one.high, one.size);
      const isFree = (box, others) => others.every((other) => apart(box, other));
      const found = choices.find((shift) => inside(boxOf(shift)) && isFree(boxOf(shift), taken) && isFree(boxOf(shift), signs))
        || (one.isFirm && choices.find((shift) => inside(boxOf(shift)) && isFree(boxOf(shift), taken)));
      if (!found) return null;
      taken.push(boxOf(found));
      return {...one, font, wide, wx: frame.left + (one.x + found[0]) / frame.scale, wy: frame.top + (one.y + found[1]) / frame.scale};
    }).filter(Boolean);
  }

  /** Write them: all halos below all glyphs, so that no halo cuts a neighbour's character. */
  function write(pen, frame, names) {
    Object.assign(pen, {textAlign: 'center', textBaseline: 'middle', lineJoin: 'round'});
    const each = (draw) => names.forEach((one) => {
      const [x, y] = painter.pixel(frame, one.wx, one.wy);
      pen.font = one.font;
      pen.letterSpacing = `${one.spaced || 0}px`;
      draw(one, x + (one.spaced || 0) / 2, y);
    });
    Object.assign(pen, {strokeStyle: chrome.halo, lineWidth: 3});
    each((one, x, y) => pen.strokeText(one.text, x, y));
    each((one, x, y) => {
      pen.fillStyle = one.color;
      pen.fillText(one.text, x, y);
    });
    pen.letterSpacing = '0px';
  }

  return {place, write};
}
