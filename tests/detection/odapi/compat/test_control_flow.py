import tensorflow as tf

from detection.odapi import compat


def test_the_decoder_reads_an_image_of_either_format():
  compat.apply()
  from object_detection.data_decoders import tf_example_decoder

  image = tf.zeros([4, 6, 3], tf.uint8)
  for name, encode in (('jpeg', tf.io.encode_jpeg), ('png', tf.io.encode_png)):
    features = {'image/encoded': encode(image).numpy(), 'image/format': name.encode()}
    example = tf.train.Example()
    for key, value in features.items():
      example.features.feature[key].bytes_list.value.append(value)
    decoded = tf_example_decoder.TfExampleDecoder().decode(tf.constant(example.SerializeToString()))
    assert decoded['image'].shape == (4, 6, 3)
