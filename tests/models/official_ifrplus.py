"""IFR+ with the formula weights of the stored runs."""

from mindspore import Tensor

from src.models import create_model
from src.weights.published import mindediting_ifrplus_name
from tests.models.ifrplus_names import official_ifrplus_scales
from tests.models.official_ifrnet import FORMS, official_shapes
from tests.reference_weights import reference_weights


def official_network(form, numbers, **options):
    """Return the network in one operator form, with the formula weights loaded under their published names."""
    with FORMS[form]():
        network = create_model("ifrplus", **options)
    weights = official_weights(numbers)
    for parameter in network.get_parameters():
        parameter.set_data(Tensor(weights[mindediting_ifrplus_name(parameter.name)]))
    return network


def official_weights(numbers):
    """Return the formula weights, by published name, for the parameters that the stored numbers list."""
    shapes = official_shapes(numbers)
    return reference_weights(shapes, official_ifrplus_scales(shapes))
