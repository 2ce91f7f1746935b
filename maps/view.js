/* What a map looks at: all of it, a part, or what goes onto paper; a map without a size waits for one. Plain ES2019. */
function mapView(map, bounds, options) {
  'use strict';

  const {padding = 8, toPaper = () => {}, fromPaper = () => {}} = options;
  const [west, south, east, north] = bounds.map((value) => value / 1e5);
  const home = L.latLngBounds([south, west], [north, east]);
  /* The view that was set here; null once the reader has moved to another. */
  let framed = null;
  let isFraming = false;
  let seen = null;

  /** How many levels nearer than the whole one looks. */
  const closer = () => map.getZoom() - map.getBoundsZoom(home);
  const measure = () => map.invalidateSize({animate: false, pan: false});

  function frame(shown, more) {
    const wanted = {animate: false, padding: [padding, padding], ...more};
    const room = map.getSize().subtract(L.point(wanted.padding).multiplyBy(2));
    isFraming = true;
    /* A frame of a notebook, or one that is not shown, has no size at first: any view will do until it has one. */
    if (room.x > 0 && room.y > 0) map.fitBounds(shown, wanted);
    else map.setView(L.latLngBounds(shown).getCenter(), 9, {animate: false});
    isFraming = false;
    framed = {shown, more};
  }

  /** Look at a place that the reader asked for: it is theirs, and nothing goes back from it by itself. */
  function visit(shown, more) {
    frame(shown, more);
    framed = null;
  }

  /** What does not fit beside the map on paper is set smaller: a sheet has no scroll bar. */
  function fitPanel() {
    const panel = document.querySelector('.panel');
    panel.style.setProperty('--fit', '1');
    const share = panel.clientHeight / panel.scrollHeight;
    if (share < 1) panel.style.setProperty('--fit', Math.max(0.6, share * 0.98).toFixed(3));
  }

  function beforePrint() {
    const shown = map.getBounds().contains(home) ? home : map.getBounds();
    seen = {center: map.getCenter(), zoom: map.getZoom(), framed};
    framed = null;
    document.documentElement.classList.add('printing');
    toPaper();
    fitPanel();
    measure();
    frame(shown);
  }

  function afterPrint() {
    document.documentElement.classList.remove('printing');
    fromPaper();
    /* Once the window has its own size again, and Leaflet has answered that. */
    setTimeout(() => {
      framed = null;
      measure();
      map.setView(seen.center, seen.zoom, {animate: false});
      framed = seen.framed;
    }, 60);
  }

  new ResizeObserver(() => map.invalidateSize({animate: false})).observe(map.getContainer());
  map.on('resize', () => {
    if (framed) frame(framed.shown, framed.more);
  });
  map.on('movestart zoomstart', () => {
    if (!isFraming) framed = null;
  });
  window.addEventListener('beforeprint', beforePrint);
  window.addEventListener('afterprint', afterPrint);

  return {home, closer, measure, frame, visit, isFramed: () => framed !== null};
}
