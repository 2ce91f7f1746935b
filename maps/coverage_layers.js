/* What the coverage map draws of a chosen rule: rings, facilities, and the people who are left out. Plain ES2019. */
function coverageLayers(map, stage, layers, cards) {
  'use strict';

  const {data, elements, tips} = stage;
  const {findingCard, facilityCard, villageCard} = cards;
  const {layerRow, setCount, toggle, dotExamples} = stage.legend;
  const {words, lines, symbols} = data.style;
  const {rowsOf, point, sign, dot, stroke} = elements;
  const {furniture} = data;
  const decisions = new Map(furniture.decided);
  const villages = rowsOf(data.villages);
  const placeOf = new Map(villages.map((one) => [one.code, point(one.at)]));
  const facilities = rowsOf(data.facilities).map((one) => ({...one, decided: decisions.get(one.id) || ''}));
  const detours = mapDetours(stage, layers);
  const uncovered = L.layerGroup();
  const rings = furniture.rings.map((ring) => {
    const around = facilities.filter((one) => one.kind === ring.facility_kind && one.status === 'open');
    const look = {...lines.ring, radius: ring.radius_m, pane: 'rings', interactive: false, className: 'ring'};
    return {...ring, circles: L.layerGroup(around.map((one) => L.circle(point(one.at), look))), wanted: L.layerGroup()};
  });
  let detourRow = null;
  let chosen = null;

  /** A ring is drawn while its box is ticked and the chosen rule is one that it belongs to. */
  function showRing(ring) {
    const belongs = !ring.rules.length || (chosen !== null && ring.rules.includes(chosen.rule));
    ring.row.hidden = !belongs;
    toggle(ring.circles, belongs && map.hasLayer(ring.wanted));
  }

  function ringRow(ring) {
    ring.row = layerRow(ring.label, ring.wanted, stroke(lines.ring, true), true, {changed: () => showRing(ring)});
    showRing(ring);
    return ring.row;
  }

  function facilityRows() {
    const shiftOf = layers.shifts();
    const groups = new Map(Object.keys(symbols).map((kind) => [kind, L.layerGroup()]));
    facilities.forEach((one) => {
      const {size} = symbols[one.kind];
      const marker = layers.marker(one.at, sign(one.kind, one.status), size, '', {shift: shiftOf(one.at, size)});
      tips.tip(marker, () => facilityCard(one)).addTo(groups.get(one.kind));
    });
    return [...groups].filter(([, layer]) => layer.getLayers().length).map(([kind, layer]) =>
      layerRow(symbols[kind].label, layer, sign(kind, 'open'), symbols[kind].shown, {count: layer.getLayers().length}));
  }

  /** A ring around each facility that the scenario opens or changes, shown whatever kinds are. */
  function decidedRow() {
    const touched = facilities.filter((one) => one.decided);
    const look = {...lines.decided, radius: 13, pane: 'decided', className: 'decided', fill: true, fillOpacity: 0};
    const marks = touched.map((one) => tips.tip(L.circleMarker(point(one.at), look), () => facilityCard(one)));
    if (!touched.length) return null;
    return layerRow(words.decided_layer, L.layerGroup(marks), stroke(lines.decided, true), true, {count: touched.length});
  }

  function villageRow() {
    const look = {...lines.village, radius: data.style.villageRadius, pane: 'villages', className: 'village'};
    const marks = villages.map((one) => tips.tip(L.circleMarker(point(one.at), look), () => villageCard(one)));
    if (!villages.length) return null;
    return layerRow(words.villages_layer, L.layerGroup(marks), dot(lines.village, 3), false, {count: villages.length});
  }

  function makeDetourRow() {
    if (!detours.isKnown) return null;
    detourRow = layerRow(words.detours_layer, detours.layer, detours.mark(), true, {count: 0});
    return detourRow;
  }

  function rows() {
    return [
      decidedRow(),
      layerRow(words.uncovered_layer, uncovered, dot(lines.uncovered, 5), true),
      dotExamples(),
      makeDetourRow(),
      ...rings.map(ringRow),
      ...facilityRows(),
      villageRow(),
      ...layers.groundRows(),
    ];
  }

  function drawUncovered(isPeople) {
    uncovered.clearLayers();
    [...chosen.villages].sort((one, other) => other.radius - one.radius).forEach((row) => {
      const paint = row.unreachable ? lines.unreachable : lines.uncovered;
      const look = {...paint, radius: row.radius, pane: 'uncovered', className: 'uncovered'};
      const where = [row.county_name, row.town_name].filter(Boolean).join('　');
      const marker = L.circleMarker(placeOf.get(row.subject_code), look);
      tips.tip(marker, () => findingCard(row.subject_name, where, row, false, isPeople)).addTo(uncovered);
    });
  }

  /** Draw anew what depends on the chosen rule and reading. */
  function draw(pair) {
    chosen = pair;
    rings.forEach(showRing);
    drawUncovered(chosen.basis === 'people');
    detours.draw(chosen.rule);
    if (detourRow) setCount(detourRow, detours.ofRule(chosen.rule).length);
  }

  return {villages, facilities, rows, draw};
}
