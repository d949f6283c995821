"""Which of several images of one stem an annotation describes, or that nothing says which."""

import pytest

from components.voc_example_gen import pairing

PAIRED = {
  'the annotation names one with its extension': (
    ['a.xml'],
    ['a.jpg', 'a.png'],
    {'a.xml': 'a.png'},
    {'a.xml': 'a.png'},
  ),
  'images/ goes with labels/': (
    ['labels/1.txt'],
    ['images/1.jpg', 'labels/1.png', '1.jpg'],
    {'labels/1.txt': 'images/1.jpg'},
    {},
  ),
  'JPEGImages goes with Annotations': (
    ['Annotations/d/1.xml'],
    ['JPEGImages/d/1.jpg', 'Any/d/1.png', 'Annotations/1.png'],
    {'Annotations/d/1.xml': 'JPEGImages/d/1.jpg'},
    {},
  ),
  'trimaps among the annotations': (
    ['annotations/xmls/1.xml'],
    ['annotations/trimaps/1.png', 'images/1.jpg'],
    {'annotations/xmls/1.xml': 'images/1.jpg'},
    {},
  ),
  'the own folder': (['b/1.xml'], ['a/1.jpg', 'b/1.jpg'], {'b/1.xml': 'b/1.jpg'}, {}),
  "a phone's file beside its photograph": (['1.xml'], ['1.heic', '1.jpg'], {'1.xml': '1.jpg'}, {'1.xml': '1.heic'}),
  "a label named with the image's extension": (
    ['a.jpg.txt', 'a.png.txt'],
    ['a.jpg', 'a.png'],
    {'a.jpg.txt': 'a.jpg', 'a.png.txt': 'a.png'},
    {},
  ),
  'an extension twice': (
    ['a.xml.xml', 'b.xml.txt'],
    ['a.jpg', 'b.jpg'],
    {'a.xml.xml': 'a.jpg', 'b.xml.txt': 'b.jpg'},
    {},
  ),
  'percent-encoded': (['labels/d%C3%A9.txt'], ['images/d\u00e9.png'], {'labels/d%C3%A9.txt': 'images/d\u00e9.png'}, {}),
  'an extension in another spelling': (['a.xml'], ['a.jpg', 'a.png'], {'a.xml': 'a.jpg'}, {'a.xml': 'A.JPEG'}),
  'a name with an extension for all': (['a.jpg.xml'], ['a.png'], {'a.jpg.xml': 'a.png'}, {}),
  'numbered folders': (
    ['training/label_2/1.txt'],
    ['training/image_2/1.png', 'training/image_3/1.png'],
    {'training/label_2/1.txt': 'training/image_2/1.png'},
    {},
  ),
  'equal but for case': (['A.xml', 'a.xml'], ['a.jpg', 'A.jpg'], {'A.xml': 'A.jpg', 'a.xml': 'a.jpg'}, {}),
  'an exact name that another annotation has': (
    ['x/1.xml', 'y/1.xml'],
    ['x/1.png', 'y/1.jpg'],
    {'x/1.xml': 'x/1.png', 'y/1.xml': 'y/1.jpg'},
    {'x/1.xml': '1.jpg', 'y/1.xml': '1.jpg'},
  ),
}


@pytest.mark.parametrize(('annotations', 'images', 'expected', 'inside'), PAIRED.values(), ids=PAIRED)
def test_names_and_folders_decide(annotations, images, expected, inside):
  for order in (images, images[::-1]):
    found = pairing.pair_by_stem(annotations, order, lambda path: [inside[path]] if path in inside else [])
    assert found[:4] == (expected, [], (), ())


TIES = {
  'two extensions': (['a.txt'], ['a.jpg', 'a.png']),
  'two folders of images': (['labels/1.txt'], ['images/1.jpg', 'rgb/1.jpg']),
  'two unknown folders': (['ann/1.xml'], ['left/1.jpg', 'right/1.jpg']),
  'as many annotations as images': (['x/1.xml', 'y/1.xml'], ['p/1.jpg', 'q/1.jpg']),
}


@pytest.mark.parametrize(('annotations', 'images'), TIES.values(), ids=TIES)
def test_a_tie_is_refused_by_name(annotations, images):
  found = pairing.pair_by_stem(annotations, images)
  assert (found.pairs, found.alone) == ({}, [])
  assert [(refusal.path, refusal.reason.value) for refusal in found.refused] == [
    (path, 'annotation_ambiguous') for path in annotations
  ]
  assert all(image in found.refused[0].detail for image in images)


def test_what_only_the_nearness_of_folders_decides_is_said():
  found = pairing.pair_by_stem(['data/ann/1.xml'], ['data/a/1.jpg', 'other/1.jpg'])
  assert found.pairs == {'data/ann/1.xml': 'data/a/1.jpg'}
  assert found.warnings == (
    '1 annotation files fit several images by name; their folders decided: '
    'data/ann/1.xml got data/a/1.jpg, not other/1.jpg.',
  )


def test_an_image_that_has_its_own_annotation_is_in_nobodys_way():
  annotations = ['data/ann/1.xml', 'other/1.xml']
  assert pairing.pair_by_stem(annotations, ['data/a/1.jpg', 'other/1.jpg']).warnings == ()


def test_a_picture_among_the_labels_may_be_a_mask_and_that_is_said():
  found = pairing.pair_by_stem(['labels/1.txt'], ['labels/1.png', 'monday/1.jpg'])
  assert found.pairs == {'labels/1.txt': 'labels/1.png'}
  assert 'not monday/1.jpg' in found.warnings[0]


def test_an_annotation_never_gets_an_image_of_another_split():
  found = pairing.pair_by_stem(['train/labels/1.txt'], ['test/images/1.jpg'])
  assert (found.pairs, found.alone) == ({}, ['train/labels/1.txt'])


@pytest.mark.parametrize('folder', ['masks', 'any name'])
def test_a_mask_never_takes_the_place_of_a_missing_photograph(folder):
  annotations = [f'ann/{number}.xml' for number in range(5)]
  images = [f'photos 1/{number}.jpg' for number in range(4)]
  twins = [f'{folder}/{number}.png' for number in range(5)]
  inside = {path: f'{number}.jpg' for number, path in enumerate(annotations)}
  found = pairing.pair_by_stem(annotations, [*images, *twins], lambda path: [inside[path]])
  assert found.pairs == dict(zip(annotations, images, strict=False))
  assert [refusal.path for refusal in found.refused] + found.alone == ['ann/4.xml']


def test_a_second_annotation_of_an_image_is_refused_unless_it_says_the_same():
  found = pairing.pair_by_stem(['labels/1.txt', 'labels_old/1.txt', 'x/2.txt'], ['images/1.jpg'])
  assert found.alone == ['labels_old/1.txt', 'x/2.txt']
  refusal = found.refuse_second('labels_old/1.txt', lambda other: False)
  assert refusal.reason.value == 'annotation_twice'
  assert refusal.detail == 'images/1.jpg is annotated more than once; labels/1.txt is used'
  assert (
    found.refuse_second('labels_old/1.txt', lambda other: other == 'labels/1.txt').reason.value == 'annotation_repeated'
  )
  assert found.refuse_second('x/2.txt', lambda other: True) is None


def test_an_image_of_another_split_is_told():
  found = pairing.pair_by_stem(['train/1.txt'], ['test/1.jpg'])
  assert (
    found.refuse_second('train/1.txt', lambda other: True).detail == 'test/1.jpg has this name, but is in another split'
  )


def test_what_a_detector_found_in_an_image_with_labels_is_set_aside():
  found = pairing.pair_by_stem(
    ['labels/1.txt', 'runs/detect/exp/labels/1.txt', 'runs/detect/exp/labels/2.txt'],
    ['images/1.jpg', 'images/2.jpg', 'runs/detect/exp/1.jpg', 'runs/detect/exp/2.jpg'],
  )
  assert found.pairs == {'labels/1.txt': 'images/1.jpg'}
  assert [(refusal.path, refusal.reason.value, refusal.detail) for refusal in found.refused] == [
    (f'runs/detect/exp/labels/{n}.txt', 'not_for_detection', 'taken for predictions: images/1.jpg has other labels')
    for n in (1, 2)
  ]


def test_labels_beside_drawn_pictures_are_set_aside_as_well():
  found = pairing.pair_by_stem(['1.xml', 'previews/1.xml'], ['1.jpg', 'previews/1.jpg'])
  assert found.pairs == {'1.xml': '1.jpg'}
  assert [refusal.path for refusal in found.refused] == ['previews/1.xml']


def test_labels_that_are_called_predictions_are_used_if_there_are_no_others():
  assert pairing.pair_by_stem(['pred_labels/1.txt'], ['images/1.jpg']).pairs == {'pred_labels/1.txt': 'images/1.jpg'}
