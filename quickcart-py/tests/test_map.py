"""Walks on a map of one's own."""

import json
from math import sqrt
from xml.etree import ElementTree

import pytest

from quickcart import InvalidInputError, NotFoundError, Point, Shop, StoreMap

SHELF = {"x1_m": 4, "y1_m": 0, "x2_m": 6, "y2_m": 8}
ROOM = [
    {"x1_m": 8, "y1_m": 4, "x2_m": 10, "y2_m": 5},
    {"x1_m": 8, "y1_m": 4, "x2_m": 9, "y2_m": 10},
]
GROUND_FLOOR = {"level": 0, "name": "Ground floor", "width_m": 10, "depth_m": 10, "shelves": [SHELF], "walls": ROOM}
MAP = {"resolution_m": 1, "entrance": {"level": 0, "x_m": 0.5, "y_m": 0.5}, "floors": [GROUND_FLOOR]}

ENTRANCE = Point(0, 0.5, 0.5)
BEHIND_THE_SHELF = Point(0, 6.5, 0.5)
IN_THE_ROOM = Point(0, 9.5, 7.5)


@pytest.fixture
def store_map() -> StoreMap:
    return StoreMap.from_json(json.dumps(MAP))


def test_a_route_leads_around_the_shelf(store_map: StoreMap) -> None:
    assert store_map.entrance == ENTRANCE
    route = store_map.route(ENTRANCE, BEHIND_THE_SHELF)
    assert (route.points[0], route.points[-1]) == (ENTRANCE, BEHIND_THE_SHELF)
    assert set_of(route.corners) <= set_of(route.points)
    assert all(point.y_m > 8 or not 4 < point.x_m < 6 for point in route.points)
    # Down to the end of the shelf, straight past it because no corner is cut, and up again.
    assert route.length_m == pytest.approx(3 * sqrt(2) + 5 + 3 + 8)
    assert store_map.distance_m(ENTRANCE, BEHIND_THE_SHELF) == pytest.approx(route.length_m)
    assert store_map.distance_m(BEHIND_THE_SHELF, ENTRANCE) == pytest.approx(route.length_m)


def set_of(points: tuple[Point, ...]) -> set[tuple[int, float, float]]:
    return {(point.level, point.x_m, point.y_m) for point in points}


def test_directions_end_with_the_arrival(store_map: StoreMap) -> None:
    route = store_map.route(ENTRANCE, BEHIND_THE_SHELF)
    directions = store_map.directions(route)
    assert [waypoint.point for waypoint in directions] == list(route.corners)
    assert directions[0].instruction.startswith("Go ")
    assert directions[-1].instruction == "You have arrived"


def test_a_picture_shows_the_walks(store_map: StoreMap) -> None:
    routes = [store_map.route(ENTRANCE, BEHIND_THE_SHELF), store_map.route(BEHIND_THE_SHELF, ENTRANCE)]
    picture = ElementTree.fromstring(store_map.svg(routes))
    title = picture.findtext("{http://www.w3.org/2000/svg}title")
    assert title is not None and title.startswith("Floor plan: Ground floor; 2 walks, ")
    assert "polyline" not in store_map.svg()


def test_a_map_knows_zones_one_ways_and_passages() -> None:
    area = {"x1_m": 0, "y1_m": 8, "x2_m": 10, "y2_m": 10}
    zone = area | {"cost_factor": 2}
    floor = GROUND_FLOOR | {"zones": [zone], "one_ways": [area | {"heading": "east"}], "walls": []}
    here, there = {"level": 0, "x_m": 3.5, "y_m": 0.5}, {"level": 0, "x_m": 6.5, "y_m": 0.5}
    stairs = {"name": "A", "kind": "stairs", "from": here, "to": there, "cost_m": 4, "is_one_way": True}
    store_map = StoreMap.from_json(json.dumps(MAP | {"floors": [floor], "passages": [stairs]}))
    route = store_map.route(ENTRANCE, BEHIND_THE_SHELF)
    assert route.length_m == pytest.approx(3 + 4)
    assert store_map.directions(route)[1].instruction == "Take the stairs A"
    with pytest.raises(NotFoundError):
        store_map.route(BEHIND_THE_SHELF, ENTRANCE)


def test_a_tour_visits_every_stop_once(store_map: StoreMap) -> None:
    stops = [BEHIND_THE_SHELF, Point(0, 0.5, 5.5), Point(0, 6.5, 8.5), Point(0, 2.5, 8.5)]
    tour = store_map.tour(ENTRANCE, stops)
    assert tour.order == (1, 3, 2, 0)
    assert tour.unreachable == ()
    assert tour.proved_shortest
    walked = [ENTRANCE, *(stops[index] for index in tour.order)]
    legs = [store_map.distance_m(here, there) for here, there in zip(walked, walked[1:])]
    assert tour.length_m == pytest.approx(sum(legs))
    assert store_map.tour(ENTRANCE, []).order == ()


def test_a_closed_room_is_not_reached(store_map: StoreMap) -> None:
    with pytest.raises(NotFoundError) as unreachable:
        store_map.route(ENTRANCE, IN_THE_ROOM)
    assert unreachable.value.code == "unreachable"
    tour = store_map.tour(ENTRANCE, [IN_THE_ROOM, BEHIND_THE_SHELF, Point(0, float("nan"), 0)])
    assert (tour.order, tour.unreachable) == ((1,), (0, 2))


def test_the_nearest_free_place_is_beside_the_shelf(store_map: StoreMap) -> None:
    assert store_map.nearest_free(Point(0, 4.2, 3.4)) == Point(0, 3.5, 3.5)
    with pytest.raises(InvalidInputError):
        store_map.nearest_free(Point(1, 4.2, 3.4))


def test_what_is_wrong_with_a_map_is_named_with_its_place() -> None:
    text = json.dumps(MAP, indent=1).replace('"x2_m": 6', '"x2_m": 60')
    with pytest.raises(InvalidInputError, match=r"^map\.json, line \d+, column \d+: a rectangle"):
        StoreMap.from_json(text)


def test_the_demo_store_has_two_floors(shop: Shop) -> None:
    store_map = shop.map()
    assert store_map is not None
    assert repr(store_map).startswith("StoreMap(floors=2, ")
    assert store_map.distance_m(store_map.entrance, store_map.entrance) == 0
