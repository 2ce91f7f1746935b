/* Two scenes under a curtain, or two maps side by side that move together. Plain ES2019. */
function mapCurtain(map, second, left, right, byId, label) {
  'use strict';

  const sheet = document.querySelector('.sheet');
  const divider = byId('divider');
  let split = 0.5;
  let isSync = false;
  let isFollowing = false;

  /** Each side is clipped at the curtain, in the coordinates of the map's moving pane. */
  function clip() {
    const size = map.getSize();
    const from = map.containerPointToLayerPoint([0, 0]);
    const to = map.containerPointToLayerPoint(size);
    const at = from.x + size.x * split;
    const before = isSync ? 'auto' : `rect(${from.y}px,${at}px,${to.y}px,${from.x}px)`;
    const after = `rect(${from.y}px,${to.x}px,${to.y}px,${at}px)`;
    left.panes.forEach((pane) => { pane.style.clip = before; });
    right.panes.forEach((pane) => Object.assign(pane.style, {clip: after, display: isSync ? 'none' : ''}));
    const place = `${(isSync ? 0.5 : split) * 100}%`;
    ['divider', 'left', 'right'].forEach((id) => { byId(id).style.left = place; });
    divider.setAttribute('aria-valuenow', String(Math.round(split * 100)));
  }

  function move(share) {
    split = Math.max(0, Math.min(1, share));
    clip();
  }

  function follow(from, to) {
    from.on('move zoomend', () => {
      if (!isSync || isFollowing) return;
      isFollowing = true;
      to.setView(from.getCenter(), from.getZoom(), {animate: false});
      isFollowing = false;
    });
  }

  /** The second map takes the size of the first and looks where it looks. */
  function align() {
    if (!isSync) return;
    second.invalidateSize({animate: false, pan: false});
    second.setView(map.getCenter(), map.getZoom(), {animate: false});
  }

  function setMode(wanted, view) {
    const kept = {center: map.getCenter(), zoom: map.getZoom(), isWhole: map.getBounds().contains(view.home)};
    isSync = wanted;
    sheet.classList.toggle('sync', isSync);
    byId('swipe').setAttribute('aria-pressed', String(!isSync));
    byId('sync').setAttribute('aria-pressed', String(isSync));
    view.measure();
    if (kept.isWhole) view.frame(view.home);
    else map.setView(kept.center, kept.zoom, {animate: false});
    align();
    clip();
  }

  const steps = {ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1};
  divider.setAttribute('aria-label', label);
  divider.addEventListener('pointerdown', (event) => {
    divider.setPointerCapture(event.pointerId);
    event.preventDefault();
    divider.focus({preventScroll: true});
  });
  divider.addEventListener('pointermove', (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return;
    const box = sheet.getBoundingClientRect();
    move((event.clientX - box.left) / box.width);
  });
  divider.addEventListener('keydown', (event) => {
    if (!(event.key in steps)) return;
    event.preventDefault();
    move(split + steps[event.key]);
  });
  map.on('resize', align);
  map.on('move zoomend resize', clip);
  follow(map, second);
  follow(second, map);

  return {setMode, clip};
}
