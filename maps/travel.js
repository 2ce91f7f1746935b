/* How far residents are from the places that serve them: by geodesics, or along the roads, in whole millimetres or milliseconds,
   as planner/travel.py, planner/road.py and planner/network.py reckon. A way is told which places stand and keeps for each
   resident point the cost of the nearest; what has not changed is not reckoned again. Plain ES2019. */

const GRS80 = {A: 6378137, F: 1 / 298.257222101};

/** The geodesic between two places in metres (Vincenty's inverse; to better than a thousandth of a millimetre at these lengths). */
function geodesic(lon1, lat1, lon2, lat2) {
  'use strict';

  const {A, F} = GRS80;
  const B = A * (1 - F);
  const rad = Math.PI / 180;
  if (lon1 === lon2 && lat1 === lat2) return 0;
  const [u1, u2] = [lat1, lat2].map((lat) => Math.atan((1 - F) * Math.tan(lat * rad)));
  const [s1, c1, s2, c2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
  const wide = (lon2 - lon1) * rad;
  let lambda = wide;
  for (let tries = 0; tries < 200; tries += 1) {
    const [sl, cl] = [Math.sin(lambda), Math.cos(lambda)];
    const sine = Math.hypot(c2 * sl, c1 * s2 - s1 * c2 * cl);
    if (sine === 0) return 0;
    const cosine = s1 * s2 + c1 * c2 * cl;
    const sigma = Math.atan2(sine, cosine);
    const alpha = (c1 * c2 * sl) / sine;
    const squared = 1 - alpha * alpha;
    const middle = squared === 0 ? 0 : cosine - (2 * s1 * s2) / squared;
    const c = (F / 16) * squared * (4 + F * (4 - 3 * squared));
    const before = lambda;
    lambda = wide + (1 - c) * F * alpha * (sigma + c * sine * (middle + c * cosine * (2 * middle * middle - 1)));
    if (Math.abs(lambda - before) < 1e-13) {
      const u = (squared * (A * A - B * B)) / (B * B);
      const big = 1 + (u / 16384) * (4096 + u * (-768 + u * (320 - 175 * u)));
      const small = (u / 1024) * (256 + u * (-128 + u * (74 - 47 * u)));
      const bend = small * sine * (middle + (small / 4) * (cosine * (2 * middle * middle - 1)
        - (small / 6) * middle * (4 * sine * sine - 3) * (4 * middle * middle - 3)));
      return B * big * (sigma - bend);
    }
  }
  return Infinity;
}

/** To the nearest whole number, halves to the even one, as numpy rounds. */
function halfEven(value) {
  'use strict';

  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

/** By the geodesic. Places farther than `reach` mm from a point do not count for it. */
function straightWay(everyone, reach) {
  'use strict';

  const {lon, lat} = everyone;
  const count = lon.length;
  const {A, F} = GRS80;
  const squash = F * (2 - F);
  const rad = Math.PI / 180;
  const [x, y, z, north, east] = Array.from({length: 5}, () => new Float64Array(count));
  const METRES = 110500; // less than a degree of latitude anywhere
  const FAR_M = 30000; // as far as the chord with its bend is the geodesic to 0.002 mm
  const DOUBT_MM = 0.01;

  function earth(place, height) {
    const [s, c] = [Math.sin(height * rad), Math.cos(height * rad)];
    const normal = A / Math.sqrt(1 - squash * s * s);
    return [normal * c * Math.cos(place * rad), normal * c * Math.sin(place * rad), normal * (1 - squash) * s];
  }

  for (let at = 0; at < count; at += 1) {
    [x[at], y[at], z[at]] = earth(lon[at], lat[at]);
    const bulge = 1 - squash * Math.sin(lat[at] * rad) ** 2;
    north[at] = (A * (1 - squash)) / bulge ** 1.5;
    east[at] = A / Math.sqrt(bulge);
  }

  /** The points within the reach of a place, and how far each is. */
  function ball([px, py]) {
    const high = reach / 1000 / METRES;
    const wide = high / Math.max(0.01, Math.cos((Math.min(89, Math.abs(py) + high) * Math.PI) / 180));
    const [ex, ey, ez] = earth(px, py);
    const longest = (reach / 1000 + 1) ** 2;
    const [points, far] = [[], []];
    for (let at = 0; at < count; at += 1) {
      const [dlon, dlat] = [px - lon[at], py - lat[at]];
      if (dlat <= high && dlat >= -high && dlon <= wide && dlon >= -wide) {
        const [dx, dy, dz] = [ex - x[at], ey - y[at], ez - z[at]];
        const square = dx * dx + dy * dy + dz * dz;
        if (square <= longest) {
          const up = north[at] * dlat * rad;
          const along = east[at] * Math.cos(lat[at] * rad) * dlon * rad;
          const both = up * up + along * along;
          const bend = both ? (up * up / north[at] + along * along / east[at]) / both : 0;
          const mm = Math.sqrt(square) * (1 + (square * bend * bend) / 24) * 1000;
          const isSure = square < FAR_M * FAR_M && Math.abs(mm - Math.floor(mm) - 0.5) > DOUBT_MM;
          const exact = halfEven(isSure ? mm : geodesic(px, py, lon[at], lat[at]) * 1000);
          if (exact <= reach) {
            points.push(at);
            far.push(exact);
          }
        }
      }
    }
    return {points: Int32Array.from(points), far: Float64Array.from(far)};
  }

  const kept = new Map();

  function near(place) {
    const key = place.join();
    if (!kept.has(key)) {
      if (kept.size > 2000) kept.clear();
      kept.set(key, ball(place));
    }
    return kept.get(key);
  }

  /** For each point the millimetres to the nearest of these places, Infinity beyond the reach. */
  function nearest(places) {
    const least = new Float64Array(count).fill(Infinity);
    places.forEach((place) => {
      const {points, far} = near(place);
      for (let at = 0; at < points.length; at += 1) if (far[at] < least[points[at]]) least[points[at]] = far[at];
    });
    return least;
  }

  /** How many of these (people by point) a place reaches within the limit. */
  function gain(place, limit, people) {
    const {points, far} = ball(place);
    return points.reduce((sum, point, at) => (far[at] <= limit ? sum + people[point] : sum), 0);
  }

  return {nearest, gain, isJoined: () => true};
}

/* The smallest first: costs with what they belong to. */
function costHeap() {
  'use strict';

  let [costs, nodes, owners] = [new Float64Array(1024), new Int32Array(1024), new Int32Array(1024)];
  let size = 0;

  const longer = (column, Kind) => {
    const more = new Kind(2 * column.length);
    more.set(column);
    return more;
  };

  function push(cost, node, owner) {
    if (size === costs.length) [costs, nodes, owners] = [longer(costs, Float64Array), longer(nodes, Int32Array), longer(owners, Int32Array)];
    let at = size;
    size += 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (costs[above] <= cost) break;
      costs[at] = costs[above];
      nodes[at] = nodes[above];
      owners[at] = owners[above];
      at = above;
    }
    costs[at] = cost;
    nodes[at] = node;
    owners[at] = owner;
  }

  /** Take the first away, once it has been looked at. */
  function drop() {
    size -= 1;
    const [cost, node, owner] = [costs[size], nodes[size], owners[size]];
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= size) break;
      if (below + 1 < size && costs[below + 1] < costs[below]) below += 1;
      if (costs[below] >= cost) break;
      costs[at] = costs[below];
      nodes[at] = nodes[below];
      owners[at] = owners[below];
      at = below;
    }
    costs[at] = cost;
    nodes[at] = node;
    owners[at] = owner;
  }

  return {push, drop, isEmpty: () => size === 0, cost: () => costs[0], node: () => nodes[0], owner: () => owners[0]};
}

/* The ways from one key to many values, as one array: those of `key` stand from start[key] to start[key + 1]. */
function gathered(keys, count) {
  'use strict';

  const start = new Int32Array(count + 1);
  for (let at = 0; at < keys.length; at += 1) if (keys[at] >= 0) start[keys[at] + 1] += 1;
  for (let at = 0; at < count; at += 1) start[at + 1] += start[at];
  const [next, order] = [start.slice(0, count), new Int32Array(start[count])];
  for (let at = 0; at < keys.length; at += 1) {
    if (keys[at] >= 0) {
      order[next[keys[at]]] = at;
      next[keys[at]] += 1;
    }
  }
  return {start, order};
}

/* Where a place gets onto the roads: the nearest place on the nearest edge, as planner.network.EdgeIndex has it. */
function roadJoints(roads) {
  'use strict';

  const {A, F} = GRS80;
  const e = Math.sqrt(F * (2 - F));
  const rad = Math.PI / 180;
  const {arcs, edges, nodes, shapes, snap} = roads;
  const count = edges.length.length;
  const first = new Int32Array(count + 1);
  const isWhole = Boolean(shapes.whole);
  for (let at = 0; at < count; at += 1) first[at + 1] = first[at] + shapes.count[at] + (isWhole ? 0 : 2);
  const [lon, lat, x, y] = Array.from({length: 4}, () => new Float64Array(first[count]));
  for (let at = 0, inner = 0; at < count; at += 1) {
    let to = first[at];
    const put = (one, other) => {
      lon[to] = one;
      lat[to] = other;
      to += 1;
    };
    if (!isWhole) put(nodes.lon[arcs.tail[at]], nodes.lat[arcs.tail[at]]);
    for (let end = inner + shapes.count[at]; inner < end; inner += 1) put(shapes.lon[inner], shapes.lat[inner]);
    if (!isWhole) put(nodes.lon[arcs.head[at]], nodes.lat[arcs.head[at]]);
  }

  function mercator(one, other) {
    const sine = Math.sin(other * rad);
    return [A * one * rad, A * (Math.atanh(sine) - e * Math.atanh(e * sine))];
  }

  function degrees(px, py) {
    const turned = py / A;
    let sine = Math.tanh(turned);
    for (let round = 0; round < 6; round += 1) sine = Math.tanh(turned + e * Math.atanh(e * sine));
    return [px / A / rad, Math.asin(sine) / rad];
  }

  for (let at = 0; at < lon.length; at += 1) [x[at], y[at]] = mercator(lon[at], lat[at]);

  /* Cells with the segments that may lie in them; a segment is known by its first vertex. */
  const least = (column) => column.reduce((low, one) => (one < low ? one : low), Infinity);
  const most = (column) => column.reduce((high, one) => (one > high ? one : high), -Infinity);
  const [west, south] = [least(x), least(y)];
  const [wide, high] = [most(x) - west, most(y) - south];
  const step = Math.max(250, Math.sqrt((wide * high) / Math.max(1, lon.length)));
  const [across, up] = [Math.floor(wide / step) + 1, Math.floor(high / step) + 1];
  const owner = new Int32Array(lon.length);
  const [cells, segments] = [[], []];
  for (let at = 0; at < count; at += 1) {
    for (let from = first[at]; from < first[at + 1]; from += 1) {
      owner[from] = at;
      if (edges.joint[at] && from + 1 < first[at + 1]) {
        const [low, far] = [x[from], x[from + 1]].map((one) => Math.floor((one - west) / step)).sort((a, b) => a - b);
        const [down, top] = [y[from], y[from + 1]].map((one) => Math.floor((one - south) / step)).sort((a, b) => a - b);
        for (let row = down; row <= top; row += 1) {
          for (let column = low; column <= far; column += 1) {
            cells.push(row * across + column);
            segments.push(from);
          }
        }
      }
    }
  }
  const grid = gathered(cells, across * up);

  /** How far a place is from a segment on the plane, as GEOS has it. */
  function away(px, py, at) {
    const [ax, ay, bx, by] = [x[at], y[at], x[at + 1], y[at + 1]];
    const square = (bx - ax) * (bx - ax) + (by - ay) * (by - ay);
    const share = square ? ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / square : 0;
    if (share <= 0) return Math.sqrt((px - ax) * (px - ax) + (py - ay) * (py - ay));
    if (share >= 1) return Math.sqrt((px - bx) * (px - bx) + (py - by) * (py - by));
    return Math.abs(((ay - py) * (bx - ax) - (ax - px) * (by - ay)) / square) * Math.sqrt(square);
  }

  /** The nearest segment of the edges of a kind within so many metres of the plane; −1: none. */
  function nearestSegment(px, py, kind, longest) {
    const [column, row] = [Math.floor((px - west) / step), Math.floor((py - south) / step)];
    let [best, found] = [longest, -1];
    const look = (cell) => {
      for (let at = grid.start[cell]; at < grid.start[cell + 1]; at += 1) {
        const segment = segments[grid.order[at]];
        if (edges.joint[owner[segment]] === kind) {
          const far = away(px, py, segment);
          if (far < best || (far === best && (found < 0 || segment < found))) [best, found] = [far, segment];
        }
      }
    };
    for (let ring = 0; (ring - 1) * step <= best; ring += 1) {
      for (let r = Math.max(0, row - ring); r <= Math.min(up - 1, row + ring); r += 1) {
        const isEdge = Math.abs(r - row) === ring;
        for (let c = column - ring; c <= column + ring; c += isEdge ? 1 : Math.max(1, 2 * ring)) if (c >= 0 && c < across) look(r * across + c);
      }
    }
    return found;
  }

  /** Where on the edges of a kind a place gets on: the edge, mm from its tail, mm from the place; null beyond the limit. */
  function onto(place, kind) {
    const [px, py] = mercator(...place);
    const stretch = 1.01 / Math.cos(Math.min(Math.abs(place[1]) + snap / 1000 / 111000, 89) * rad);
    const at = nearestSegment(px, py, kind, (snap / 1000) * stretch + 1);
    if (at < 0) return null;
    const [wx, wy] = [x[at + 1] - x[at], y[at + 1] - y[at]];
    const square = wx * wx + wy * wy;
    const share = Math.max(0, Math.min(1, ((px - x[at]) * wx + (py - y[at]) * wy) / (square > 0 ? square : 1)));
    const foot = degrees(x[at] + share * wx, y[at] + share * wy);
    const access = halfEven(geodesic(...place, ...foot) * 1000);
    if (access > snap) return null;
    const edge = owner[at];
    let [before, total] = [0, 0];
    for (let from = first[edge]; from + 1 < first[edge + 1]; from += 1) {
      if (from === at) before = total;
      total += geodesic(lon[from], lat[from], lon[from + 1], lat[from + 1]);
    }
    const whole = total > 0 ? total : 1;
    const into = geodesic(lon[at], lat[at], ...foot);
    const length = edges.length[edge];
    return {edge, along: Math.max(0, Math.min(length, halfEven((before / whole + into * (1 / whole)) * length))), access};
  }

  const nearer = (one, other) => (!one || (other && (other.access < one.access || (other.access === one.access && other.edge < one.edge))) ? other : one);

  /** The main network before a fragment, which is joined only for want of others. */
  return (place) => nearer(onto(place, 1), onto(place, 2)) || nearer(onto(place, 3), onto(place, 4));
}

/** Along the roads from the places outward: in millimetres, or `byTime` in milliseconds. */
function roadWay(roads, joints, byTime) {
  'use strict';

  const {arcs, edges, points} = roads;
  const cost = byTime ? Float64Array.from(edges.length, (length, at) => halfEven((length * 3.6) / roads.speeds[edges.speed[at]])) : edges.length;
  const size = roads.nodes.lon.length;
  const count = points.edge.length;
  const leg = (access, kmh) => (byTime ? halfEven((access * 3.6) / kmh) : access);

  function part(edge, along) {
    if (!byTime) return Math.min(along, cost[edge]);
    return Math.min(halfEven(cost[edge] * (along / Math.max(edges.length[edge], 1))), cost[edge]);
  }

  /** By which nodes one leaves an edge (outward) or comes onto it: [node, cost]. */
  function ends({edge, along}, legCost, outward) {
    const [atHead, atTail] = [along === edges.length[edge], along === 0];
    const way = edges.ways[edge]; // 1: driven tail → head, 2: head → tail
    const within = part(edge, along);
    const side = outward ? roads.from : roads.to;
    const found = [];
    if (atHead || way & (outward ? 1 : 2)) found.push([arcs.head[edge] + (atHead ? side.cornerHead : side.head)[edge], legCost + cost[edge] - within]);
    if (atTail || way & (outward ? 2 : 1)) found.push([arcs.tail[edge] + (atTail ? side.cornerTail : side.tail)[edge], legCost + within]);
    return found;
  }

  /* The arcs as they are driven outward, by the node that one leaves and by the one that one comes to. */
  const [starts, stops, arcCost] = [[], [], []];
  for (let at = 0; at < arcs.tail.length; at += 1) {
    const worth = arcs.edge[at] < 0 ? 0 : cost[arcs.edge[at]];
    if (arcs.ways[at] & 1) {
      starts.push(arcs.tail[at]);
      stops.push(arcs.head[at]);
      arcCost.push(worth);
    }
    if (arcs.ways[at] & 2) {
      starts.push(arcs.head[at]);
      stops.push(arcs.tail[at]);
      arcCost.push(worth);
    }
  }
  const [out, into] = [gathered(starts, size), gathered(stops, size)];
  const outNode = Int32Array.from(out.order, (at) => stops[at]);
  const outCost = Float64Array.from(out.order, (at) => arcCost[at]);

  /* Resident points: two ends of an edge each at most, and what they are along it. */
  const [legNode, legCost] = [new Int32Array(2 * count).fill(-1), new Float64Array(2 * count)];
  const [stub, along] = [new Float64Array(count), new Float64Array(count)];
  for (let at = 0; at < count; at += 1) {
    const edge = points.edge[at];
    if (edge >= 0) {
      stub[at] = leg(points.access[at], roads.walk);
      along[at] = part(edge, points.along[at]);
      ends({edge, along: points.along[at]}, stub[at], false).forEach(([node, worth], one) => {
        legNode[2 * at + one] = node;
        legCost[2 * at + one] = worth;
      });
    }
  }
  const onEdge = gathered(points.edge, edges.length.length);
  const byNode = gathered(legNode, size);

  /* What stands: for each node how far the nearest place is, and which place that is. */
  const far = new Float64Array(size).fill(Infinity);
  const whose = new Int32Array(size).fill(-1);
  const standing = new Map();
  const heap = costHeap();
  let number = 0;

  const joined = new Map();

  function jointOf(place) {
    const key = place.join();
    if (!joined.has(key)) joined.set(key, joints(place));
    return joined.get(key);
  }

  /** Go on from what is in the heap, to nodes that are not nearer to another place; `log` keeps what was there. */
  function spread(limit, log) {
    while (!heap.isEmpty()) {
      const [worth, node, owner] = [heap.cost(), heap.node(), heap.owner()];
      heap.drop();
      if (worth <= limit && worth < far[node]) {
        if (log) log.push([node, far[node], whose[node]]);
        far[node] = worth;
        whose[node] = owner;
        for (let at = out.start[node]; at < out.start[node + 1]; at += 1) {
          const next = worth + outCost[at];
          if (next < far[outNode[at]]) heap.push(next, outNode[at], owner);
        }
      }
    }
  }

  const started = (joint) => ends(joint, leg(joint.access, roads.start), true);

  function withdraw(gone) {
    const left = [];
    for (let node = 0; node < size; node += 1) {
      if (gone.has(whose[node])) {
        left.push(node);
        far[node] = Infinity;
        whose[node] = -1;
      }
    }
    left.forEach((node) => {
      for (let at = into.start[node]; at < into.start[node + 1]; at += 1) {
        const arc = into.order[at];
        if (far[starts[arc]] < Infinity) heap.push(far[starts[arc]] + arcCost[arc], node, whose[starts[arc]]);
      }
    });
    standing.forEach(({joint, owner}) => started(joint).forEach(([node, worth]) => heap.push(worth, node, owner)));
  }

  function settle(places) {
    const wanted = new Map(places.map((place) => [place.join(), place]));
    const gone = new Set();
    standing.forEach(({owner}, key) => {
      if (wanted.has(key)) return;
      gone.add(owner);
      standing.delete(key);
    });
    if (gone.size) withdraw(gone);
    wanted.forEach((place, key) => {
      const joint = standing.has(key) ? null : jointOf(place);
      if (!joint) return;
      number += 1;
      standing.set(key, {joint, owner: number});
      started(joint).forEach(([node, worth]) => heap.push(worth, node, number));
    });
    spread(Infinity, null);
  }

  /** Take into account the points that share the edge of a place, which need not pass an end of it. */
  function beside(joint, does) {
    const {edge} = joint;
    const from = part(edge, joint.along);
    const own = leg(joint.access, roads.start);
    for (let at = onEdge.start[edge]; at < onEdge.start[edge + 1]; at += 1) {
      const point = onEdge.order[at];
      const ahead = along[point] - from;
      if (ahead === 0 || edges.ways[edge] & (ahead > 0 ? 1 : 2)) does(point, Math.abs(ahead) + stub[point] + own);
    }
  }

  /** For each point the cost from the nearest of these places, Infinity where none gets there. */
  function nearest(places) {
    settle(places);
    const least = new Float64Array(count).fill(Infinity);
    for (let at = 0; at < 2 * count; at += 1) {
      if (legNode[at] >= 0) {
        const total = far[legNode[at]] + legCost[at];
        if (total < least[at >> 1]) least[at >> 1] = total;
      }
    }
    standing.forEach(({joint}) => beside(joint, (point, total) => { if (total < least[point]) least[point] = total; }));
    return least;
  }

  /** How many of these (people by point, of those whom nothing that stands reaches) one more place reaches within the limit. */
  function gain(place, limit, people) {
    const joint = jointOf(place);
    if (!joint) return 0;
    const log = [];
    const reached = new Set();
    started(joint).forEach(([node, worth]) => heap.push(worth, node, 0));
    spread(limit, log);
    log.forEach(([node]) => {
      for (let at = byNode.start[node]; at < byNode.start[node + 1]; at += 1) {
        const one = byNode.order[at];
        if (far[node] + legCost[one] <= limit) reached.add(one >> 1);
      }
    });
    beside(joint, (point, total) => { if (total <= limit) reached.add(point); });
    log.reverse().forEach(([node, was, owner]) => {
      far[node] = was;
      whose[node] = owner;
    });
    let sum = 0;
    reached.forEach((point) => { sum += people[point]; });
    return sum;
  }

  return {nearest, gain, isJoined: (place) => Boolean(jointOf(place))};
}
