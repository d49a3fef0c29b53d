"""What the sample shop sells, to whom, and for which wells: every name here is invented."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Party:
    """A firm as it stands on a letterhead."""

    name: str
    street: str
    town: str
    state: str
    postcode: str
    country: str
    phone: str
    email: str
    tax_number: str

    @property
    def lines(self) -> tuple[str, str]:
        """The address as it is printed under the name."""
        return self.street, f"{self.town}, {self.state} {self.postcode}"


@dataclass(frozen=True)
class Job:
    """One thing the shop does, with the range its quantity and price are drawn from.

    The quantity is a multiple of `step`, from `step * fewest` to `step * most`; prices are in cents.
    """

    title: str  # may name {size}, {thread} or {length}
    unit: str  # EA, HR or FT, as an order prints it
    step: Decimal
    fewest: int
    most: int
    cheapest: int
    dearest: int


SUPPLIER = Party(
    name="Northline Machine Works",
    street="4180 Forge Road",
    town="Fallow Springs",
    state="TX",
    postcode="79799",
    country="US",
    phone="(432) 555-0148",
    email="billing@northline.example",
    tax_number="74-5550148",
)
CUSTOMER = Party(
    name="Tejas Resources",
    street="1200 Derrick Plaza, Suite 900",
    town="Port Mesquite",
    state="TX",
    postcode="77999",
    country="US",
    phone="(713) 555-0172",
    email="payables@tejas.example",
    tax_number="76-5550172",
)

# What an order prints, and what EN 16931 calls it (UN/ECE recommendation 20).
UNIT_CODES = {"EA": "EA", "HR": "HUR", "FT": "FOT"}

_ONE, _HALF, _QUARTER = Decimal(1), Decimal("0.5"), Decimal("0.25")
JOBS = (
    Job("Rod pump overhaul, {size} in x {length} ft, complete", "EA", _ONE, 1, 4, 114_500, 289_900),
    Job("Machine pump plunger, {size} in, spray metal finish", "EA", _ONE, 1, 8, 38_250, 91_475),
    Job("Cut and gauge {thread} thread, box and pin", "EA", _ONE, 4, 36, 4_635, 13_890),
    Job("Re-thread tubing sub, {thread}", "EA", _ONE, 2, 24, 6_215, 14_960),
    Job("Lap valve seats and balls, vacuum test", "EA", _ONE, 2, 12, 5_475, 11_325),
    Job("Sucker rod coupling, {size} in, full size", "EA", _ONE, 10, 60, 1_865, 4_515),
    Job("Polished rod, {size} in x {length} ft, straighten", "EA", _ONE, 1, 5, 17_540, 42_690),
    Job("Magnetic particle inspection, per joint", "EA", _ONE, 6, 40, 2_245, 5_385),
    Job("Hydrostatic test, tubing sub, with chart", "EA", _ONE, 2, 10, 8_935, 16_770),
    Job("Hone barrel tube, {size} in, chrome", "FT", _HALF, 20, 72, 3_145, 7_925),
    Job("Hard facing, wear pads", "FT", _QUARTER, 10, 60, 9_415, 17_865),
    Job("Field machinist, portable line boring", "HR", _HALF, 8, 48, 9_650, 14_525),
    Job("Weld repair and stress relief, gearbox housing", "HR", _HALF, 6, 40, 10_375, 15_845),
    Job("Lathe work, {size} in shaft, to sample", "HR", _QUARTER, 8, 50, 8_735, 12_995),
    Job("Crane truck with operator", "HR", _HALF, 4, 20, 13_525, 19_775),
)
SIZES = ("1-1/4", "1-1/2", "1-3/4", "2", "2-1/4", "2-3/4")
THREADS = ("2-3/8 EUE", "2-7/8 EUE", "3-1/2 NUE", "4-1/2 LTC", "5-1/2 BTC")
LENGTHS = ("12", "16", "20", "24", "26")

WELLS = (
    "Cottonwood Draw 14H",
    "Lame Mule 2-31",
    "Whistling Hill Unit 7",
    "Sabine Bluff 103H",
    "Dry Kettle 9-16",
    "Fiddler Creek 22H",
    "Old Lantern State 5",
    "Redbud Flat Battery 3",
    "Hollow Oak 41-18",
    "Juniper Bench 6H",
    "Mockingbird Pad B",
    "Tin Cup Mesa 12-4",
)
APPROVERS = (
    "Ellis Varnaway",
    "Marlow Denbury",
    "Quinn Astermere",
    "Tamsin Orrelby",
    "Rowan Haldecott",
    "Sidney Brackwell",
    "Jules Pennarth",
)
MAJORS = ("8210", "8225", "8250", "8260", "8275", "8290")
MINORS = ("310", "315", "320", "335", "340", "355")
