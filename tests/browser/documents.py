"""What the agents of these tests know."""

from collections.abc import Mapping

from tests.browser.payloads import PAYLOADS

_SHOP = """# Opening hours

The bicycle shop on Harbour Street is open from nine in the morning until seven in the evening, Monday to Saturday.
On Sundays and on public holidays the shop is closed.

# Returns

You can send a bicycle back within thirty days of delivery. We pay for the way back. The money is on your account
five working days after the bicycle has arrived.

# Warranty

The battery of an electric bicycle is under warranty for four years or one thousand charging cycles, whichever comes
first. The frame is under warranty for ten years.

# Repairs

A puncture is repaired while you wait and costs twelve euros. A full service takes three days and costs ninety euros.
"""

_TIENDA = """# Horario

La tienda de bicicletas abre de lunes a sábado, de nueve de la mañana a siete de la tarde. Los domingos está cerrada.

# Garantía

La batería de una bicicleta eléctrica tiene una garantía de cuatro años o mil ciclos de carga.
"""

# Each payload in a sentence that a question can be about.
_NOTES = "\n\n".join(f"The note called {name} of the workshop says: {payload}" for name, payload in PAYLOADS.items())

SHOP: Mapping[str, bytes] = {"shop.md": _SHOP.encode()}
ALL: Mapping[str, bytes] = {**SHOP, "tienda.md": _TIENDA.encode(), "notes.txt": _NOTES.encode()}
