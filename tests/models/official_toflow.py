"""SPyNet and TOFlow networks that carry the formula weights of the stored runs."""

from mindspore import Tensor

from src.models import create_model
from src.weights.published import official_toflow_name
from tests.models.official_ifrnet import FORMS, official_shapes
from tests.models.toflow_names import official_toflow_scales
from tests.reference_weights import reference_weights


def official_network(name, form, numbers, **options):
    """Return the network in one operator form, with the formula weights loaded under their published names."""
    with FORMS[form]():
        network = create_model(name, **options)
    weights = official_weights(numbers)
    for parameter in network.get_parameters():
        parameter.set_data(Tensor(weights[official_toflow_name(parameter.name)]))
    return network


def official_weights(numbers):
    """Return the formula weights, by published name, for the parameters that a file of stored numbers lists."""
    shapes = official_shapes(numbers)
    return reference_weights(shapes, official_toflow_scales(shapes))


def variant_numbers(numbers, variant):
    """Return the stored numbers of one SPyNet variant, without its name in front."""
    return {name[len(variant) + 1 :]: value for name, value in numbers.items() if name.startswith(f"{variant}/")}
